// An app whose settings do not fit: it says so over HTTP, names them in its log, and takes no message.

import { QueueServiceClient } from '@azure/storage-queue'
import { type AppProcess, startApp } from '../../local/app-process.ts'
import { type Azurite, startAzurite } from '../../local/azurite.ts'
import { until } from '../support/stack.ts'
import { watchAnswers } from '../support/watched-fetch.ts'

jest.setTimeout(60_000)

let azurite: Azurite
let app: AppProcess
const lines: string[] = []

beforeAll(async () => {
  azurite = await startAzurite()
  app = await startApp({
    name: 'app',
    port: 0,
    env: {
      AzureWebJobsStorage: azurite.connectionString,
      FUNCTIONS_WORKER_RUNTIME: 'node',
      KEYSTILE_ROLE: 'all',
      KEYSTILE_GRACE: 'marked-value',
    },
    onLine: (line) => void lines.push(line),
  })
})
const unwatch = watchAnswers()
afterAll(async () => {
  unwatch()
  await app?.close()
  await azurite?.close()
})

test.each([
  ['POST', '/api/accounts/speech-west/token'],
  ['GET', '/api/accounts'],
  ['GET', '/api/accounts/speech-west'],
  ['DELETE', '/api/accounts/speech-west'],
])('%s %s is 503 misconfigured', async (method, path) => {
  const answer = await fetch(`${app.url}${path}`, { method })
  expect([answer.status, await answer.json()]).toEqual([503, expect.objectContaining({ code: 'misconfigured' })])
  expect(answer.headers.get('retry-after')).toBe('60')
})

test('health is 503', async () => {
  const answer = await fetch(`${app.url}/api/health`)
  expect([answer.status, await answer.json()]).toEqual([503, { status: 'misconfigured' }])
})

test('the description of the API is there all the same', async () => {
  const answer = await fetch(`${app.url}/api/openapi.json`)
  expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ openapi: '3.1.1' })])
})

test('the log names every setting, and no value', async () => {
  await until('the log names them', () => lines.some((line) => line.includes('KEYSTILE_DEPLOYMENT is required')))
  const text = lines.join('\n')
  for (const name of [
    'KEYSTILE_VAULT_URL',
    'KEYSTILE_TENANT_ID',
    'KEYSTILE_AUDIENCES',
    'KEYSTILE_MODE',
    'KEYSTILE_GRACE',
  ]) {
    expect(text).toContain(name)
  }
  expect(text).not.toContain('marked-value')
})

test('a message stays in the queue', async () => {
  const queue = QueueServiceClient.fromConnectionString(azurite.connectionString).getQueueClient('keystile-checks')
  await queue.createIfNotExists()
  await queue.sendMessage(Buffer.from('{}').toString('base64'))
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  const { peekedMessageItems } = await queue.peekMessages()
  expect(peekedMessageItems.map(({ dequeueCount }) => dequeueCount)).toEqual([0])
})
