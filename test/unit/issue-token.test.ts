import { publicCloud } from '../../src/common/cloud.ts'
import { AppError } from '../../src/common/errors.ts'
import { Secret } from '../../src/common/secret.ts'
import { issueToken } from '../../src/vending/issue-token.ts'
import type { ExchangeAnswer, PublishedKey, RecordAnswer } from '../../src/vending/ports.ts'
import { fp, ID } from '../support/rotation.ts'
import { testClock } from '../support/rotation-world.ts'

const START = '2026-02-01T12:00:00Z'

const recordWith = (key: string, change: Partial<PublishedKey> = {}): RecordAnswer => ({
  kind: 'record',
  record: {
    key: Secret.of(key),
    fingerprint: fp(key),
    providerAddress: ID,
    place: { region: 'westus2', subDomain: 'speech-west' },
    kind: 'SpeechServices',
    ...change,
  },
})

interface World {
  record: () => Promise<RecordAnswer>
  exchange: (key: string) => Promise<ExchangeAnswer>
  ask: () => Promise<void>
}

function vendor() {
  const clock = testClock(START)
  const seen = { reads: 0, exchanges: 0, asked: [] as object[], lost: [] as string[] }
  const world: World = {
    record: async () => recordWith('first key'),
    exchange: async () => token('token 1'),
    ask: async () => {},
  }
  const issue = issueToken({
    records: {
      newest: () => {
        seen.reads += 1
        return world.record()
      },
    },
    tokens: {
      exchange: (_place, key) => {
        seen.exchanges += 1
        return world.exchange(key.reveal())
      },
    },
    checks: {
      send: (check) => {
        seen.asked.push(check)
        return world.ask()
      },
    },
    clock,
    cloud: publicCloud,
    onLostCheck: (account) => void seen.lost.push(account),
  })
  const token = (text: string, seconds = 600): ExchangeAnswer => ({
    kind: 'token',
    token: Secret.of(text),
    expiresAt: new Date(clock.now().getTime() + seconds * 1_000),
  })
  return { issue, clock, seen, world, token }
}

test('a vend says where the token is used, when it ends, and when to ask for the next', async () => {
  const { issue } = vendor()
  expect(await issue('speech-west')).toEqual({
    kind: 'issued',
    issued: {
      token: Secret.of('token 1'),
      expiresAt: new Date('2026-02-01T12:10:00Z'),
      refreshAfter: new Date('2026-02-01T12:08:00Z'),
      region: 'westus2',
      endpoint: 'https://speech-west.cognitiveservices.azure.com/',
    },
  })
})

test('a hundred callers at once make one read and one exchange', async () => {
  const { issue, seen } = vendor()
  await Promise.all(Array.from({ length: 100 }, () => issue('speech-west')))
  expect([seen.reads, seen.exchanges]).toEqual([1, 1])
})

test('a token is served until five minutes before its end, and not a millisecond longer', async () => {
  const { issue, seen, clock } = vendor()
  await issue('speech-west')
  clock.advance(299_999)
  await issue('speech-west')
  expect(seen.exchanges).toBe(1)
  clock.advance(1)
  await issue('speech-west')
  expect(seen.exchanges).toBe(2)
})

test('a token that lives 20 seconds is served for 10', async () => {
  const { issue, seen, clock, world, token } = vendor()
  world.exchange = async () => token('short', 20)
  await issue('speech-west')
  clock.advance(9_999)
  await issue('speech-west')
  expect(seen.exchanges).toBe(1)
  clock.advance(1)
  await issue('speech-west')
  expect(seen.exchanges).toBe(2)
})

test('accounts do not share a token', async () => {
  const { issue, seen } = vendor()
  await issue('speech-west')
  await issue('speech-east')
  expect(seen.exchanges).toBe(2)
})

test.each([
  { code: 'unknown_account', record: { kind: 'absent' }, asked: [] },
  { code: 'account_held', record: { kind: 'held' }, asked: [] },
  { code: 'unknown_account', record: { kind: 'not-a-record' }, asked: [{ secret: 'speech-west' }] },
] as const)('$record.kind: $code, and nothing is exchanged', async ({ code, record, asked }) => {
  const { issue, seen, world } = vendor()
  world.record = async () => record
  expect(await issue('speech-west')).toEqual({ kind: 'refused', code })
  expect([seen.exchanges, seen.asked]).toEqual([0, asked])
})

test.each([
  { code: 'tokens_unsupported', answer: { kind: 'unsupported' } },
  { code: 'token_service_unavailable', answer: { kind: 'unknown', reason: 'timeout' } },
  { code: 'key_refused', answer: { kind: 'refused' } },
  { code: 'key_refused', answer: { kind: 'forbidden' } },
] as const)('$answer.kind: $code', async ({ code, answer }) => {
  const { issue, world } = vendor()
  world.exchange = async () => answer
  expect(await issue('speech-west')).toEqual({ kind: 'refused', code })
})

test('a refused key of a kind without a token service asks for no repair', async () => {
  const { issue, seen, world } = vendor()
  world.record = async () => recordWith('first key', { kind: 'ComputerVision' })
  world.exchange = async () => ({ kind: 'refused' })
  expect(await issue('vision-west')).toEqual({ kind: 'refused', code: 'tokens_unsupported' })
  expect(seen.asked).toEqual([])
})

test('a key that was replaced a moment ago is read again, and the new one is exchanged', async () => {
  const { issue, seen, world, token } = vendor()
  world.record = async () => recordWith(seen.reads === 1 ? 'first key' : 'second key')
  world.exchange = async (key) => (key === 'second key' ? token('token 2') : { kind: 'refused' })
  expect(await issue('speech-west')).toMatchObject({ kind: 'issued', issued: { token: Secret.of('token 2') } })
  expect(seen.asked).toEqual([])
})

test('a refused key asks for a check, once a minute', async () => {
  const { issue, seen, world, clock } = vendor()
  world.exchange = async () => ({ kind: 'refused' })
  await issue('speech-west')
  await issue('speech-west')
  expect(seen.asked).toEqual([{ account: ID }])
  clock.advance(60_000)
  await issue('speech-west')
  expect(seen.asked).toHaveLength(2)
})

test('a check that cannot be asked for does not change the answer', async () => {
  const { issue, seen, world } = vendor()
  world.record = async () => ({ kind: 'not-a-record' })
  world.ask = () => Promise.reject(new AppError('upstream_unreachable', 'ask for a check: no answer'))
  expect(await issue('speech-west')).toEqual({ kind: 'refused', code: 'unknown_account' })
  expect(seen.lost).toEqual(['speech-west'])
  await issue('speech-west')
  expect(seen.asked).toHaveLength(2)
})

test('a failed read is not remembered', async () => {
  const { issue, seen, world } = vendor()
  world.record = () => Promise.reject(new AppError('upstream_unreachable', 'read secret: no answer'))
  await expect(issue('speech-west')).rejects.toThrow('no answer')
  world.record = async () => recordWith('first key')
  expect(await issue('speech-west')).toMatchObject({ kind: 'issued' })
  expect(seen.reads).toBe(2)
})

test('an account that was put on hold is not served from the cache once its token is due', async () => {
  const { issue, world, clock } = vendor()
  await issue('speech-west')
  world.record = async () => ({ kind: 'held' })
  clock.advance(300_000)
  expect(await issue('speech-west')).toEqual({ kind: 'refused', code: 'account_held' })
})

test('after a refusal nothing is served from the cache, although its token would still live', async () => {
  const { issue, seen, world, clock, token } = vendor()
  await issue('speech-west')
  clock.advance(300_000)
  world.record = async () => ({ kind: 'held' })
  await issue('speech-west')
  clock.advance(-1)
  expect(await issue('speech-west')).toEqual({ kind: 'refused', code: 'account_held' })
  world.record = async () => recordWith('first key')
  world.exchange = async () => token('token 2')
  expect(await issue('speech-west')).toMatchObject({ kind: 'issued', issued: { token: Secret.of('token 2') } })
  expect(seen.exchanges).toBe(2)
})

test('a key that is refused twice is exchanged once: reading it again changed nothing', async () => {
  const { issue, seen, world } = vendor()
  world.exchange = async () => ({ kind: 'refused' })
  await issue('speech-west')
  expect([seen.reads, seen.exchanges]).toEqual([2, 1])
})

test('two different keys that are both refused are not followed by a third look', async () => {
  const { issue, seen, world } = vendor()
  world.record = async () => recordWith(`key ${seen.reads}`)
  world.exchange = async () => ({ kind: 'refused' })
  expect(await issue('speech-west')).toEqual({ kind: 'refused', code: 'key_refused' })
  expect([seen.reads, seen.exchanges]).toEqual([2, 2])
})

test('a token of a place that is no host is not handed out', async () => {
  const { issue, world } = vendor()
  world.record = async () => recordWith('first key', { place: { region: 'a b' } })
  expect(await issue('speech-west')).toEqual({ kind: 'refused', code: 'unknown_account' })
})
