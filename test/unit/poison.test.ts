import { parseCommand, UsageError } from '../../ops/arguments.ts'
import { age, inWords } from '../../ops/words.ts'
import { ID } from '../support/rotation.ts'

test.each([
  [['list'], { kind: 'list', queues: ['checks', 'requests', 'near-expiry'] }],
  [['list', '--queue', 'checks'], { kind: 'list', queues: ['checks'] }],
  [['list', '--queue', 'near-expiry'], { kind: 'list', queues: ['near-expiry'] }],
  [['retry', '--all'], { kind: 'retry', queues: ['checks', 'requests', 'near-expiry'], ids: 'all' }],
  [
    ['retry', '--id', 'a', '--id', 'b', '--queue', 'requests'],
    { kind: 'retry', queues: ['requests'], ids: ['a', 'b'] },
  ],
])('%j is understood', (args, command) => {
  expect(parseCommand(args)).toEqual(command)
})

test.each([
  [[], 'say list or retry'],
  [['purge'], 'say list or retry'],
  [['list', 'it'], 'it is one word too many'],
  [['list', '--all'], 'list takes --queue alone'],
  [['list', '--id', 'a'], 'list takes --queue alone'],
  [['list', '--queue', 'poison'], '--queue is checks, requests or near-expiry'],
  [['retry'], 'retry takes either --all or --id'],
  [['retry', '--all', '--id', 'x'], 'retry takes either --all or --id'],
  [['retry', '--now'], ''],
])('%j is a usage error', (args, message) => {
  expect(() => parseCommand(args)).toThrow(UsageError)
  expect(() => parseCommand(args)).toThrow(message)
})

test.each([
  ['2026-02-01T11:58:01Z', '119 s'],
  ['2026-02-01T11:58:00Z', '2 min'],
  ['2026-02-01T10:00:00Z', '2 h'],
  ['2026-01-30T12:00:00Z', '2 days'],
  ['2026-02-01T12:00:09Z', '0 s'],
])('what was parked at %s is %s old at noon', (since, text) => {
  expect(age(new Date(since), new Date('2026-02-01T12:00:00Z'))).toBe(text)
})

const event = { eventType: 'Microsoft.KeyVault.SecretNearExpiry', topic: '/…/vaults/contoso', subject: 'speech-west' }
const cloudEvent = { specversion: '1.0', type: event.eventType, source: event.topic, subject: 'speech-west' }
test.each([
  ['a check', 'checks', { secret: 'speech-west' }, 'check of speech-west'],
  ['an event', 'near-expiry', event, 'near-expiry event of speech-west'],
  ['an event of CloudEvents', 'near-expiry', cloudEvent, 'near-expiry event of speech-west'],
  ['a list of events', 'near-expiry', [event], 'near-expiry event of speech-west'],
  ['another event', 'near-expiry', { ...event, eventType: 'Microsoft.KeyVault.SecretExpired' }, undefined],
  ['an event of no secret', 'near-expiry', { ...event, subject: '\u001b[2J' }, undefined],
  ['no event', 'near-expiry', [], undefined],
  ['an event on the queue of checks', 'checks', event, undefined],
] as const)('%s is understood as base64 and as plain text, as the app does', (_what, queue, message, words) => {
  const plain = JSON.stringify(message)
  expect([inWords(queue, plain), inWords(queue, Buffer.from(plain).toString('base64'))]).toEqual([words, words])
})

test('a message cannot write to the terminal', () => {
  const account = ID.replace('/ai/', '/\u001b[2J/')
  const text = Buffer.from(JSON.stringify({ account })).toString('base64')
  expect(inWords('checks', text)).toBe('check of speech-west (?[2J, 11111111-1111-4111-8111-111111111111)')
})
