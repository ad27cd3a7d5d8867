// What Event Grid puts on its queue, on the wire: the built rotator, the host and Azurite. No round is due, so whatever
// is checked here was asked for by an event.

import { QueueClient } from '@azure/storage-queue'
import { publicationsOf, startTestStack, type TestStack, until } from '../support/stack.ts'

jest.setTimeout(60_000)

const VAULT =
  '/subscriptions/5b0d0c53-9a1e-4c57-8f57-6f0b7a1c0001/resourceGroups/keystile/providers/Microsoft.KeyVault/vaults'
const TYPE = 'Microsoft.KeyVault.SecretNearExpiry'
const grid = (subject: string, vault = 'keystile-local') =>
  JSON.stringify({ id: '1', topic: `${VAULT}/${vault}`, subject, eventType: TYPE, data: {}, dataVersion: '1' })
const cloud = (subject: string) =>
  JSON.stringify({ id: '1', source: `${VAULT}/keystile-local`, subject, type: TYPE, data: {}, specversion: '1.0' })
const base64 = (text: string) => Buffer.from(text).toString('base64')

let stack: TestStack
const queue = (name: string) => new QueueClient(stack.storage.connectionString, name)
const told = (text: string) => stack.lines.filter((line) => line.includes(text))

beforeAll(async () => {
  stack = await startTestStack({
    rotator: { KEYSTILE_SCHEDULE: '0 0 0 29 2 *', KEYSTILE_PROOF_SPACING: 'PT0S', KEYSTILE_SETTLE: 'PT0S' },
  })
})
afterAll(() => stack?.close())

test.each([
  ["Event Grid's schema, as base64", 'speech-west', base64(grid('speech-west'))],
  ["Event Grid's schema, as plain text", 'multi-east', grid('multi-east')],
  ['CloudEvents, as base64', 'translator-global', base64(cloud('translator-global'))],
  ['CloudEvents, as plain text', 'translator-north', cloud('translator-north')],
])('%s: its account is checked, and so published', async (_what, account, text) => {
  expect(publicationsOf(stack, account)).toEqual([])
  await queue('keystile-near-expiry').sendMessage(text)
  await until(`${account} is published`, () => publicationsOf(stack, account).length === 1)
})

test('an account that is not due is looked at and left as it is', async () => {
  const before = publicationsOf(stack, 'speech-west').length
  await queue('keystile-near-expiry').sendMessage(grid('speech-west'))
  await until('it was looked at again', () => told('"kind":"waiting","why":"not-due"').length > 0)
  expect(publicationsOf(stack, 'speech-west')).toHaveLength(before)
})

test('a poisoned message is harmless: told once, gone, and nothing is parked', async () => {
  for (const text of ['marked <text>', base64('marked'), grid('vision-west', 'another'), '[]', '{"revoke":"all"}'])
    await queue('keystile-near-expiry').sendMessage(text)
  await until('all are told of', () => told('event.ignored').length >= 4)
  await until('the queue is empty', async () => {
    const { approximateMessagesCount } = await queue('keystile-near-expiry').getProperties()
    return approximateMessagesCount === 0
  })
  expect(
    told('event.ignored')
      .map((line) => line.replace(/^.*event\.ignored /, ''))
      .sort(),
  ).toEqual([
    '{"reason":"other-vault"}',
    '{"reason":"unreadable"}',
    '{"reason":"unreadable"}',
    '{"reason":"unreadable"}',
  ])
  expect(await queue('keystile-near-expiry-poison').exists()).toBe(false)
  expect(publicationsOf(stack, 'vision-west')).toEqual([])
  expect(stack.lines.join('\n')).not.toContain('marked')
})
