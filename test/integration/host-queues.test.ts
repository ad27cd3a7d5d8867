// Queue triggers of the embedded host, against Azurite: what is delivered, tried again, and put away.

import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
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

test('a message whose call is past functionTimeout is not given to another before its code has ended', async () => {
  const app = APP.replace('600', '2500')
  const queues = { ...QUEUES, visibilityTimeout: '00:00:00', maxDequeueCount: 2 }
  const folder = writeApp({ app, hostJson: { functionTimeout: '00:00:01', extensions: { queues } } })
  const limited = await runApp(folder, { AzureWebJobsStorage: azurite().connectionString, QUEUE: 'overlong' })
  await eventually(() => queueNamed('overlong').getProperties())
  await queueNamed('overlong').sendMessage(Buffer.from('{"name":"late","slow":true}').toString('base64'))
  await limited.line(/Timeout value of 00:00:01 exceeded/)
  const [first, second] = await eventually(async () => {
    const seen = (await (await fetch(`${limited.url}/api/seen`)).json()) as Seen[]
    expect(seen).toHaveLength(2)
    return seen
  })
  expect(second?.at).toBeGreaterThanOrEqual(first?.ended ?? Number.NaN)
  await stopApp(limited)
})

describe('the listener', () => {
  const service = () => QueueServiceClient.fromConnectionString(azurite().connectionString)
  const options = {
    batchSize: 16,
    newBatchThreshold: 8,
    maxDequeueCount: 5,
    maxPollingIntervalMs: 200,
    visibilityTimeoutSeconds: 0,
    messageEncoding: 'none',
  } as const

  /** Listens to a queue that is there already. @returns what it ran and said. */
  async function listenTo(queueName: string, more: Partial<Parameters<typeof startQueueListener>[0]> = {}) {
    const queue = service().getQueueClient(queueName)
    await queue.createIfNotExists()
    const [ran, said]: string[][] = [[], []]
    const listener = startQueueListener({
      service: service(),
      queueName,
      options,
      run: async (input) => {
        ran?.push('string' in input ? String(input.string) : '')
        return true
      },
      log: (_, message) => void said?.push(message),
      ...more,
    })
    return { queue, listener, ran: ran ?? [], said: said ?? [] }
  }

  test('a message that was delivered too often is poison, and is not run', async () => {
    const queue = service().getQueueClient('crashed')
    await queue.createIfNotExists()
    await queue.sendMessage('killer')
    // Whoever took it once died with it.
    await queue.receiveMessages({ visibilityTimeout: 1 })
    const { listener, ran } = await listenTo('crashed', { options: { ...options, maxDequeueCount: 1 } })
    await eventually(async () => {
      const { peekedMessageItems } = await service().getQueueClient('crashed-poison').peekMessages()
      expect(peekedMessageItems.map(({ messageText }) => messageText)).toEqual(['killer'])
    })
    await listener.stop()
    expect(ran).toEqual([])
    expect((await queue.getProperties()).approximateMessagesCount).toBe(0)
  })

  test('a poison queue has no poison queue: what fails there stays, hidden', async () => {
    const run = jest.fn(async () => false)
    const { queue, listener } = await listenTo('old-poison', { run, options: { ...options, maxDequeueCount: 1 } })
    await queue.sendMessage('bad')
    await eventually(() => expect(run).toHaveBeenCalledTimes(1))
    await new Promise((done) => setTimeout(done, 500))
    await listener.stop()
    expect(run).toHaveBeenCalledTimes(1)
    expect((await queue.getProperties()).approximateMessagesCount).toBe(1)
    expect(await service().getQueueClient('old-poison-poison').exists()).toBe(false)
  })

  test.each(['taken over', 'removed'])('a message that was %s while it was worked on is no error', async (how) => {
    const name = how.replace(' ', '-')
    const work = Promise.withResolvers<boolean>()
    const begun = Promise.withResolvers<{ id: string; receipt: string }>()
    const { queue, listener, said } = await listenTo(name, {
      run: async (_, { Id, PopReceipt }) => {
        begun.resolve({ id: String(Id?.string), receipt: String(PopReceipt?.string) })
        return work.promise
      },
    })
    await queue.sendMessage('x')
    const { id, receipt } = await begun.promise
    if (how === 'removed') await queue.deleteMessage(id, receipt)
    else await queue.updateMessage(id, receipt, undefined, 60)
    work.resolve(true)
    await listener.stop()
    expect(said).toEqual([])
  })

  test('the next batch is asked for once no more than newBatchThreshold are in work', async () => {
    const waiting: (() => void)[] = []
    const { queue, listener } = await listenTo('batches', {
      options: { ...options, batchSize: 2, newBatchThreshold: 0 },
      run: () => new Promise((done) => waiting.push(() => done(true))),
    })
    for (const text of ['1', '2', '3']) await queue.sendMessage(text)
    await eventually(() => expect(waiting.length).toBeGreaterThan(0))
    const inFirst = waiting.length
    await new Promise((done) => setTimeout(done, 600))
    expect(waiting).toHaveLength(inFirst)
    expect(inFirst).toBeLessThanOrEqual(2)
    for (let total = 0; total < 3; ) {
      total += waiting.length
      for (const end of waiting.splice(0)) end()
      if (total < 3) await eventually(() => expect(waiting.length).toBeGreaterThan(0))
    }
    await listener.stop()
    expect((await queue.getProperties()).approximateMessagesCount).toBe(0)
  })

  test('the end does not wait for a storage that does not answer', async () => {
    const silent = createServer(() => undefined)
    await once(silent.listen(0, '127.0.0.1'), 'listening')
    const { port } = silent.address() as AddressInfo
    const url = azurite().connectionString.replaceAll(/127\.0\.0\.1:\d+/g, `127.0.0.1:${port}`)
    const listener = startQueueListener({
      service: QueueServiceClient.fromConnectionString(url),
      queueName: 'silent',
      options,
      run: async () => true,
      log: () => undefined,
    })
    await once(silent, 'connection')
    const asked = Date.now()
    await listener.stop()
    expect(Date.now() - asked).toBeLessThan(3_000)
    silent.close()
  })
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
