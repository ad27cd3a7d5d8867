// Queue triggers of the embedded host, against Azurite: what is delivered, tried again, and put away.

import { QueueClient, QueueServiceClient } from '@azure/storage-queue'
import { startQueueListener } from '../../local/host/queues.ts'
import { useAzurite } from '../support/azurite.ts'
import { cleanUpHosts, eventually, type RunningApp, runApp, stopApp, writeApp } from '../support/host.ts'

const APP = `
const { app } = require('@azure/functions')
const seen = []
app.http('seen', { handler: async () => ({ jsonBody: seen }) })
app.storageQueue('takes', { queueName: '%QUEUE%', connection: 'AzureWebJobsStorage', handler: async (entry, context) => {
  const entryOf = { at: Date.now(), entry, metadata: context.triggerMetadata }
  seen.push(entryOf)
  if (entry.fail) throw new Error('cannot take ' + entry.name)
  if (entry.slow) await new Promise((done) => setTimeout(done, 600))
  entryOf.ended = Date.now()
} })`

const QUEUES = {
  maxPollingInterval: '00:00:00.3',
  visibilityTimeout: '00:00:01',
  maxDequeueCount: 3,
  messageEncoding: 'base64',
}

interface Seen {
  readonly at: number
  readonly ended?: number
  readonly entry: { readonly name?: string } | string
  readonly metadata: Readonly<Record<string, unknown>>
}

const azurite = useAzurite()
let host: RunningApp

beforeAll(async () => {
  const folder = writeApp({ app: APP, hostJson: { extensions: { queues: QUEUES } } })
  host = await runApp(folder, { AzureWebJobsStorage: azurite().connectionString, QUEUE: 'Incoming' })
})
afterAll(cleanUpHosts)

const queueNamed = (name: string) => new QueueClient(azurite().connectionString, name)
const send = (text: string) => queueNamed('incoming').sendMessage(Buffer.from(text).toString('base64'))
const seenOf = async (name: string) => {
  const seen = (await (await fetch(`${host.url}/api/seen`)).json()) as Seen[]
  return seen.filter(({ entry }) => typeof entry === 'object' && entry.name === name)
}
const poisonTexts = async () => {
  const { peekedMessageItems } = await queueNamed('incoming-poison').peekMessages({ numberOfMessages: 32 })
  return peekedMessageItems.map(({ messageText }) => Buffer.from(messageText, 'base64').toString())
}
const waiting = async () => (await queueNamed('incoming').getProperties()).approximateMessagesCount

beforeAll(() => eventually(() => queueNamed('incoming').getProperties()))

test('the queue named by %QUEUE%, in lower case, is made when it is absent', async () => {
  expect(await queueNamed('incoming').exists()).toBe(true)
})

test('a message is delivered decoded and parsed, and is then deleted', async () => {
  await send('{"name":"first"}')
  const [delivered] = await eventually(async () => {
    const seen = await seenOf('first')
    expect(seen).toHaveLength(1)
    return seen
  })
  expect(delivered?.entry).toEqual({ name: 'first' })
  expect(delivered?.metadata).toMatchObject({
    name: 'first',
    dequeueCount: 1,
    popReceipt: expect.any(String),
    queueTrigger: { name: 'first' },
    insertionTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
  })
  expect(host.lines.join('\n')).toContain(
    "Executing 'Functions.takes' (Reason='New queue message detected on 'incoming'.'",
  )
  await eventually(async () => expect(await waiting()).toBe(0))
})

test("a message's own properties hide the queue's of the same name", async () => {
  await send('{"name":"own","id":"mine","dequeueCount":77}')
  const [delivered] = await eventually(async () => {
    const seen = await seenOf('own')
    expect(seen).toHaveLength(1)
    return seen
  })
  expect(delivered?.metadata).toMatchObject({ id: 'mine', dequeueCount: 77 })
})

test('text that is not JSON arrives as text', async () => {
  await send('just text')
  await eventually(async () => {
    const seen = (await (await fetch(`${host.url}/api/seen`)).json()) as Seen[]
    expect(seen.map(({ entry }) => entry)).toContain('just text')
  })
})

test('messages are worked on side by side', async () => {
  await Promise.all([1, 2, 3, 4].map(() => send('{"name":"many","slow":true}')))
  const seen = await eventually(async () => {
    const all = await seenOf('many')
    expect(all.filter(({ ended }) => ended !== undefined)).toHaveLength(4)
    return all
  })
  const lastBegan = Math.max(...seen.map(({ at }) => at))
  expect(seen.filter(({ ended = 0 }) => ended > lastBegan).length).toBeGreaterThanOrEqual(2)
})

test('a failing message comes again after visibilityTimeout, and after maxDequeueCount goes to the poison queue', async () => {
  const text = '{"name":"bad","fail":true}'
  await send(text)
  await eventually(async () => expect(await poisonTexts()).toContain(text))
  const seen = await seenOf('bad')
  expect(seen.map(({ metadata }) => metadata.dequeueCount)).toEqual([1, 2, 3])
  for (const [at, { at: began }] of seen.slice(1).entries()) {
    expect(began - (seen[at]?.at ?? 0)).toBeGreaterThanOrEqual(900)
  }
  expect(
    await host.line(/Message has reached MaxDequeueCount of 3\. Moving message to queue 'incoming-poison'\.$/),
  ).toMatch(/ warning takes /)
  await eventually(async () => expect(await waiting()).toBe(0))
})

test('a message that is not base64 goes to the poison queue as it is, and no function sees it', async () => {
  await queueNamed('incoming').sendMessage('{"name":"plain"}')
  await eventually(async () => {
    const { peekedMessageItems } = await queueNamed('incoming-poison').peekMessages({ numberOfMessages: 32 })
    expect(peekedMessageItems.map(({ messageText }) => messageText)).toContain('{"name":"plain"}')
  })
  expect(await host.line(/Message decoding has failed! Check MessageEncoding settings\./)).toBeDefined()
  expect(await seenOf('plain')).toEqual([])
})

test('SIGTERM lets the message in work finish and deletes it', async () => {
  const folder = writeApp({ app: APP, hostJson: { extensions: { queues: QUEUES } } })
  const other = await runApp(folder, { AzureWebJobsStorage: azurite().connectionString, QUEUE: 'draining' })
  const queue = queueNamed('draining')
  await eventually(() => queue.getProperties())
  await queue.sendMessage(Buffer.from('{"name":"last","slow":true}').toString('base64'))
  await other.line(/Executing 'Functions\.takes'/)
  expect(await stopApp(other)).toBe(0)
  expect(other.lines.join('\n')).toMatch(/Executed 'Functions\.takes' \(Succeeded/)
  expect((await queue.getProperties()).approximateMessagesCount).toBe(0)
})

test('a message stays invisible for as long as it is worked on', async () => {
  const service = QueueServiceClient.fromConnectionString(azurite().connectionString)
  let runs = 0
  const finished = Promise.withResolvers<void>()
  const listener = startQueueListener({
    service,
    queueName: 'renewed',
    visibilitySeconds: 1,
    options: {
      batchSize: 16,
      newBatchThreshold: 8,
      maxDequeueCount: 5,
      maxPollingIntervalMs: 200,
      visibilityTimeoutSeconds: 0,
      messageEncoding: 'none',
    },
    run: async () => {
      runs += 1
      // Twice as long as the message was hidden for.
      await new Promise((done) => setTimeout(done, 2_200))
      finished.resolve()
      return true
    },
    log: () => undefined,
  })
  const queue = service.getQueueClient('renewed')
  await eventually(() => queue.getProperties())
  await queue.sendMessage('work')
  await finished.promise
  await listener.stop()
  expect(runs).toBe(1)
  expect((await queue.getProperties()).approximateMessagesCount).toBe(0)
})

test('while the storage does not answer the log says so once, and everything else runs', async () => {
  const gone = azurite().connectionString.replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:9')
  const app = await runApp(writeApp({ app: APP }), { AzureWebJobsStorage: gone, QUEUE: 'incoming' })
  expect(await app.line(/error takes queue incoming does not answer: /)).toBeDefined()
  expect((await fetch(`${app.url}/api/seen`)).status).toBe(200)
  expect(app.lines.filter((line) => line.includes('does not answer'))).toHaveLength(1)
  expect(await stopApp(app)).toBe(0)
})
