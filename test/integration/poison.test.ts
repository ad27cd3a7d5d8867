// `npm run poison`, as the command that somebody types who was paged: on real queues, with nothing of the app running.

import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { QueueClient } from '@azure/storage-queue'
import { type QueueName, queueNames } from '../../ops/words.ts'
import { useAzurite } from '../support/azurite.ts'
import { poison as runPoison } from '../support/poison.ts'
import { ID } from '../support/rotation.ts'

jest.setTimeout(60_000)

const azurite = useAzurite()
const queue = (name: string) => new QueueClient(azurite().connectionString, name)
const base64 = (text: string) => Buffer.from(text).toString('base64')
const REVOKE = { account: ID, request: { kind: 'revoke', kill: ['a'.repeat(64)] }, attempt: 3 }
const parked = {
  /** Not as we would write it: what goes back must be these bytes. */
  revoke: base64(`${JSON.stringify({ ...REVOKE, askedAt: '2026-02-01T12:00:00.000Z' })}  `),
  rotate: base64(JSON.stringify({ account: ID, request: { kind: 'rotate', live: 'b'.repeat(64) } })),
  check: base64(JSON.stringify({ secret: 'speech-west' })),
  other: base64('{"marked":"\u001b[2Jvalue"}'),
  notBase64: 'marked <value>',
  /** As Event Grid writes one: plain text. */
  event: JSON.stringify({ eventType: 'Microsoft.KeyVault.SecretNearExpiry', topic: '/v', subject: 'speech-west' }),
}

const poison = (args: readonly string[], env?: Readonly<Record<string, string>>) =>
  runPoison(args, env ?? { AzureWebJobsStorage: azurite().connectionString })

async function park(name: QueueName, ...texts: readonly string[]): Promise<string[]> {
  const ids: string[] = []
  for (const one of [`keystile-${name}`, `keystile-${name}-poison`]) await queue(one).createIfNotExists()
  for (const text of texts) ids.push((await queue(`keystile-${name}-poison`).sendMessage(text)).messageId)
  return ids
}

async function textsIn(name: string): Promise<string[]> {
  const { peekedMessageItems } = await queue(name).peekMessages({ numberOfMessages: 32 })
  return peekedMessageItems.map(({ messageText }) => messageText).sort()
}

afterEach(async () => {
  for (const name of queueNames)
    for (const one of [`keystile-${name}`, `keystile-${name}-poison`]) await queue(one).deleteIfExists()
})

test('where nothing was ever parked, nothing is listed, and nothing put back', async () => {
  expect(await poison(['list'])).toEqual({
    code: 0,
    out: 'checks: 0 parked messages\nrequests: 0 parked messages\nnear-expiry: 0 parked messages\n',
    err: '',
  })
  expect(await poison(['retry', '--all'])).toEqual({ code: 0, out: '0 messages put back, 0 left\n', err: '' })
})

test('the list says in words what is parked, takes nothing, and never shows what is not ours', async () => {
  const ids = await park('requests', parked.revoke, parked.rotate, parked.other, parked.notBase64)
  await park('checks', parked.check)
  await park('near-expiry', parked.event)
  const { code, out, err } = await poison(['list'])
  const account = 'speech-west (ai, 11111111-1111-4111-8111-111111111111)'
  const ago = String.raw`parked \d+ s ago, taken 0 times since`
  expect(
    out
      .replaceAll(new RegExp(ago, 'g'), 'AGO')
      .replaceAll(/[0-9a-f-]{36} {2}/g, 'ID  ')
      .split('\n'),
  ).toEqual([
    'checks: 1 parked message',
    '  ID  AGO: check of speech-west',
    'requests: 4 parked messages',
    `  ID  AGO: revoke of 1 key of ${account}, asked for at 2026-02-01T12:00:00.000Z, put back 3 times`,
    `  ID  AGO: rotation of ${account}, put back 0 times`,
    '  ID  AGO: not a Keystile message, 32 bytes',
    '  ID  AGO: not a Keystile message, 14 bytes',
    'near-expiry: 1 parked message',
    '  ID  AGO: near-expiry event of speech-west',
    '',
  ])
  expect([code, err, ids.filter((id) => !out.includes(id))]).toEqual([0, '', []])
  expect(`${out}${err}`).not.toMatch(/marked|aaaa|bbbb/)
  expect(await textsIn('keystile-requests')).toEqual([])
  expect(await textsIn('keystile-requests-poison')).toHaveLength(4)
})

test('a retry puts the same bytes on the queue that they came from, for ever, and leaves what is not ours', async () => {
  await park('requests', parked.revoke, parked.other)
  await park('checks', parked.check)
  await park('near-expiry', parked.event)
  const { code, out } = await poison(['retry', '--all'])
  expect([code, out.split('\n').at(-2)]).toEqual([0, '3 messages put back, 1 left'])
  expect(await textsIn('keystile-near-expiry')).toEqual([parked.event])
  expect(await textsIn('keystile-requests')).toEqual([parked.revoke])
  expect(await textsIn('keystile-checks')).toEqual([parked.check])
  expect(await textsIn('keystile-checks-poison')).toEqual([])
  // Not hidden any more: the next retry finds it.
  expect(await textsIn('keystile-requests-poison')).toEqual([parked.other])
  const [message] = (await queue('keystile-requests').receiveMessages()).receivedMessageItems
  expect(message?.expiresOn.getUTCFullYear()).toBe(9999)
})

test('one message can be named, also one that is not ours; the others stay', async () => {
  const [, second] = await park('requests', parked.revoke, parked.other, parked.rotate)
  const { code, out } = await poison(['retry', '--id', `${second}`])
  expect([code, out.split('\n').at(-2)]).toEqual([0, '1 message put back, 2 left'])
  expect(out).not.toContain('marked')
  expect(await textsIn('keystile-requests')).toEqual([parked.other])
  expect(await textsIn('keystile-requests-poison')).toEqual([parked.revoke, parked.rotate].sort())
})

test('one queue can be named; a message that is not there is a fault', async () => {
  await park('checks', parked.check)
  const [id] = await park('requests', parked.revoke)
  expect((await poison(['list', '--queue', 'requests'])).out).not.toContain('checks')
  const elsewhere = await poison(['retry', '--queue', 'checks', '--id', `${id}`])
  expect([elsewhere.code, elsewhere.err]).toEqual([1, `no message ${id} is parked\n`])
  await poison(['retry', '--queue', 'requests', '--all'])
  expect(await textsIn('keystile-requests')).toEqual([parked.revoke])
  expect(await textsIn('keystile-checks-poison')).toEqual([parked.check])
})

test('more than one call brings are listed as so many, and all put back', async () => {
  await park('checks', ...Array(40).fill(parked.check))
  expect((await poison(['list'])).out).toContain('checks: 40 parked messages, the first 32 of them\n')
  expect((await poison(['retry', '--all'])).out).toContain('40 messages put back, 0 left\n')
})

test('a message that cannot be put back stays parked', async () => {
  await park('requests', parked.revoke)
  await queue('keystile-requests').delete()
  const { code, out, err } = await poison(['retry', '--all'])
  expect([code, out, err]).toEqual([1, '', 'put back what keystile-requests-poison has: HTTP 404 QueueNotFound\n'])
  expect(await queue('keystile-requests-poison').getProperties()).toMatchObject({ approximateMessagesCount: 1 })
})

test('a message whose deletion is answered by nobody is deleted: that it is not there any more is no fault', async () => {
  await park('requests', parked.revoke)
  let lost = 0
  const way = createServer((incoming, answer) => {
    const { method = '', url: path = '', headers } = incoming
    const onward = request(new URL(path, azurite().queueUrl), { method, headers }, (told) => {
      lost += method === 'DELETE' ? 1 : 0
      if (method === 'DELETE' && lost === 1) answer.destroy()
      else told.pipe(answer.writeHead(told.statusCode ?? 500, told.headers))
    })
    incoming.pipe(onward)
  }).listen(0, '127.0.0.1')
  await once(way, 'listening')
  const { port } = way.address() as AddressInfo
  const AzureWebJobsStorage = azurite().connectionString.replace(
    /QueueEndpoint=http:\/\/[^/]+/,
    `QueueEndpoint=http://127.0.0.1:${port}`,
  )
  const { code, out, err } = await poison(['retry', '--all'], { AzureWebJobsStorage })
  way.close()
  way.closeAllConnections()
  expect([code, out.split('\n').at(-2), err, lost]).toEqual([0, '1 message put back, 0 left', '', 2])
  expect(await textsIn('keystile-requests')).toEqual([parked.revoke])
  expect(await textsIn('keystile-requests-poison')).toEqual([])
})

test.each([
  ['settings that do not fit', { AzureWebJobsStorage: 'marked' }, 2, 'AzureWebJobsStorage is not a connection string'],
  [
    'half a connection string',
    { AzureWebJobsStorage: 'AccountName=marked' },
    2,
    'AzureWebJobsStorage is not a connection string',
  ],
  [
    'a credential that nobody knows',
    { AzureWebJobsStorage__accountName: 'contoso', AZURE_TOKEN_CREDENTIALS: 'marked' },
    2,
    'a setting of the storage or of the credential does not fit',
  ],
  [
    'nobody signed in',
    { AzureWebJobsStorage__accountName: 'contoso', AZURE_TOKEN_CREDENTIALS: 'AzureCliCredential' },
    1,
    'nobody is signed in to Azure here: `az login`\n',
  ],
  [
    'a storage that does not answer',
    {
      AzureWebJobsStorage:
        'DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=bWFya2Vk;BlobEndpoint=http://127.0.0.1:1/devstoreaccount1;QueueEndpoint=http://127.0.0.1:1/devstoreaccount1',
    },
    1,
    'look at keystile-checks-poison: no answer (ECONNREFUSED)\n',
  ],
])('%s: a line that says so, and nothing of a setting', async (_what, env, code, message) => {
  const ended = await poison(['list'], env)
  expect([ended.code, ended.out]).toEqual([code, ''])
  expect(ended.err).toContain(message)
  expect(ended.err.includes('usage: npm run poison -- list')).toBe(code === 2)
  expect(ended.err).not.toMatch(/marked|bWFya2Vk/)
})
