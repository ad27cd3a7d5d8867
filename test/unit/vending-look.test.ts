// One look at an account: what its newest version says, what becomes of a refused key, and accounts without keys.

import { AppError } from '../../src/common/errors.ts'
import type { ExchangeAnswer, RecordAnswer } from '../../src/vending/ports.ts'
import { fp, ID } from '../support/rotation.ts'
import { keyRecord, recordWith, vendor } from '../support/vending.ts'

const OTHER_ID = ID.replace('speech-west', 'multi-east')
const refused: ExchangeAnswer = { kind: 'refused' }

test.each([
  { code: 'unknown_account', record: { kind: 'absent' }, asked: [] },
  { code: 'account_held', record: { kind: 'held' }, asked: [] },
  { code: 'unknown_account', record: { kind: 'not-a-record' }, asked: [{ secret: 'speech-west' }] },
] as const)('$record.kind: $code, and nothing is exchanged', async ({ code, record, asked }) => {
  const { vend, seen, world } = vendor()
  world.record = async () => record
  expect(await vend()).toBe(code)
  expect([seen.exchanged, seen.asked]).toEqual([[], asked])
})

test.each([
  { code: 'token_service_unavailable', answer: { kind: 'unsupported' } },
  { code: 'token_service_unavailable', answer: { kind: 'unknown', reason: 'timeout' } },
  { code: 'key_refused', answer: { kind: 'refused' } },
  { code: 'token_service_unavailable', answer: { kind: 'forbidden' } },
] as const)('$answer.kind: $code', async ({ code, answer }) => {
  const { vend, world } = vendor()
  world.exchange = async () => answer
  expect(await vend()).toBe(code)
})

test('a token of a place that is no host is not handed out', async () => {
  const { vend, world } = vendor()
  world.record = async () => recordWith('first key', { place: { region: 'a b' } })
  expect(await vend()).toBe('unknown_account')
})

test.each<ExchangeAnswer>([{ kind: 'refused' }, { kind: 'unsupported' }])(
  '$kind, of a kind without a token service: no repair is asked for, no other key looked for',
  async (answer) => {
    const { vend, seen, world } = vendor()
    world.record = async () => recordWith('first key', { kind: 'ComputerVision' })
    world.exchange = async () => answer
    expect(await vend('vision-west')).toBe('tokens_unsupported')
    expect([seen.asked, seen.listed]).toEqual([[], 0])
  },
)

describe('a refused key', () => {
  const works = (...keys: string[]) => {
    const made = vendor()
    const { world, seen, token } = made
    world.exchange = async (key) => (keys.includes(key) ? token(`token ${seen.exchanged.length}`) : refused)
    return made
  }

  test('that was replaced a moment ago is read again, and the new one is exchanged', async () => {
    const { vend, seen, world } = works('second key')
    world.record = async () => recordWith(seen.reads === 1 ? 'first key' : 'second key')
    expect(await vend()).toBe('token 2')
    expect([seen.exchanged, seen.asked, seen.listed]).toEqual([['first key', 'second key'], [], 0])
  })

  test('is tried a second time, for a new key may not have reached every instance of the service', async () => {
    const { vend, seen, world, token } = works()
    world.exchange = async () => (seen.exchanged.length === 1 ? refused : token('token 2'))
    expect(await vend()).toBe('token 2')
    expect([seen.reads, seen.exchanged, seen.asked]).toEqual([2, ['first key', 'first key'], []])
  })

  test('whose replacement is refused too is not followed by a third', async () => {
    const { vend, seen, world } = works()
    world.record = async () => recordWith(`key ${seen.reads}`)
    expect(await vend()).toBe('key_refused')
    expect([seen.reads, seen.exchanged]).toEqual([2, ['key 1', 'key 2']])
  })

  test('that a stop followed is not failed over from', async () => {
    const { vend, seen, world } = works('older key')
    world.record = async () => (seen.reads === 1 ? recordWith('first key') : { kind: 'held' })
    world.older = async () => [keyRecord('older key')]
    expect(await vend()).toBe('account_held')
    expect([seen.exchanged, seen.listed]).toEqual([['first key'], 0])
  })

  test('is failed over from, to the newest other key of the same account; a check is asked for and the log says so', async () => {
    const { vend, seen, world } = works('older key')
    world.older = async () => [keyRecord('elsewhere', { providerAddress: OTHER_ID }), keyRecord('older key')]
    expect(await vend()).toBe('token 3')
    expect(seen.exchanged).toEqual(['first key', 'first key', 'older key'])
    expect(seen.asked).toEqual([{ account: ID }])
    expect(seen.reports).toEqual([
      { kind: 'failed-over', account: 'speech-west', refused: fp('first key'), used: fp('older key') },
    ])
  })

  test('is tried again at each look, while the older key’s token serves', async () => {
    const { vend, vendEvery, seen, world } = works('older key')
    world.older = async () => [keyRecord('older key')]
    await vend()
    await vendEvery(1, 59)
    expect(seen.exchanged).toEqual(['first key', 'first key', 'older key'])
    expect(await vendEvery(1, 2)).toEqual(['token 3'])
    expect(seen.exchanged.slice(3)).toEqual(['first key', 'first key'])
    expect(seen.reports).toHaveLength(1)
  })

  test('that works again is taken back', async () => {
    const { vend, vendEvery, seen, world, token } = works('older key')
    world.older = async () => [keyRecord('older key')]
    await vend()
    world.exchange = async () => token(`token ${seen.exchanged.length}`)
    expect(await vendEvery(1, 62)).toEqual(['token 3', 'token 4'])
    expect(seen.exchanged.at(-1)).toBe('first key')
  })

  test('that is repaired by another key is let go at the next look', async () => {
    const { vend, vendEvery, seen, world, token } = works('older key')
    world.older = async () => [keyRecord('older key')]
    await vend()
    world.record = async () => recordWith('repaired')
    world.exchange = async () => token(`token ${seen.exchanged.length}`)
    expect(await vendEvery(1, 61)).toEqual(['token 3', 'token 4'])
    expect(seen.exchanged.at(-1)).toBe('repaired')
  })

  test('whose replacement is refused as well is the end: nothing is served that may be dead', async () => {
    const { vend, vendEvery, world } = works('first key', 'older key')
    await vend()
    world.older = async () => [keyRecord('older key')]
    world.exchange = async () => refused
    expect(await vendEvery(1, 290)).toEqual(['token 1', 'key_refused'])
  })

  test('of which the older versions cannot be listed is an outage: a token at hand is kept', async () => {
    const { vend, seen, world } = works('older key')
    world.older = () => Promise.reject(new AppError('upstream_refused', 'list versions: HTTP 403'))
    expect(await vend()).toBe('token_service_unavailable')
    expect(seen.reports).toMatchObject([{ kind: 'look-failed', reason: 'older-versions-unknown' }])
  })

  test('that meets a passing 403 is tried again, not given up for the one before it', async () => {
    const { vend, world, seen } = vendor()
    world.older = async () => [keyRecord('older key')]
    const accepted = world.exchange
    world.exchange = async (key) => (seen.exchanged.length === 1 ? { kind: 'forbidden' } : accepted(key))
    expect(await vend()).toBe('token 2')
    expect([seen.exchanged, seen.listed, seen.asked]).toEqual([['first key', 'first key'], 0, []])
  })

  test('whose replacement is forbidden is an outage as well', async () => {
    const { vend, world } = works()
    world.older = async () => [keyRecord('older key')]
    world.exchange = async (key) => (key === 'older key' ? { kind: 'forbidden' } : refused)
    expect(await vend()).toBe('token_service_unavailable')
  })

  test('that is forbidden, and not refused, is an outage also where the one before it is refused', async () => {
    const { vend, world } = works()
    world.older = async () => [keyRecord('older key')]
    world.exchange = async (key) => (key === 'older key' ? refused : { kind: 'forbidden' })
    expect(await vend()).toBe('token_service_unavailable')
  })

  test('is failed over from while the queue of checks does not answer', async () => {
    const { vend, world } = works('older key')
    world.older = async () => [keyRecord('older key')]
    world.ask = () => new Promise(() => {})
    expect(await vend()).toBe('token 3')
  })

  test('of which nothing is known after the failover is an outage, not a refusal', async () => {
    const { vend, world } = works()
    world.older = async () => [keyRecord('older key')]
    world.exchange = async (key) => (key === 'older key' ? { kind: 'unknown', reason: 'timeout' } : refused)
    expect(await vend()).toBe('token_service_unavailable')
  })

  test('asks for one check a minute', async () => {
    const { vend, vendEvery, clock, seen } = works()
    clock.advance(1_000)
    await vend()
    await vendEvery(1, 59)
    expect(seen.asked).toEqual([{ account: ID }])
    await vendEvery(1, 1)
    expect(seen.asked).toHaveLength(2)
  })

  test('whose check cannot be asked for is told so, and reported each time', async () => {
    const { vend, seen, world, clock } = works()
    world.ask = () => Promise.reject(new AppError('upstream_unreachable', 'ask for a check: no answer'))
    expect(await vend()).toBe('key_refused')
    expect(seen.reports).toEqual([
      { kind: 'check-lost', account: 'speech-west' },
      { kind: 'look-failed', account: 'speech-west', code: 'key_refused', reason: 'every key is refused' },
    ])
    clock.advance(5_000)
    await vend()
    expect(seen.asked).toHaveLength(2)
  })
})

test.each([
  [600, '2026-02-01T12:08:00.000Z'],
  [60, '2026-02-01T12:00:48.000Z'],
])('a client of a token of %d seconds does well to ask again at %s', async (seconds, at) => {
  const { issue, world, token } = vendor()
  world.exchange = async () => token('token', seconds)
  expect(await issue('speech-west')).toMatchObject({ issued: { refreshAfter: new Date(at) } })
})

describe('an account without keys', () => {
  const place = { region: 'westus2', subDomain: 'speech-west' }
  const keyless = (change: object = {}): RecordAnswer => ({
    kind: 'keyless',
    account: { providerAddress: ID, place, kind: 'SpeechServices', ...change },
  })

  test('is used with our own identity where the settings list it, in whatever case', async () => {
    const { vend, seen, world } = vendor({ keyless: [ID.toLowerCase()] })
    world.record = async () => keyless({ providerAddress: ID.toUpperCase() })
    expect(await vend()).toBe('token 1')
    expect(seen.exchanged).toEqual(['identity'])
  })

  test.each([
    ['is not listed', [], keyless()],
    ['has no subdomain of its own', [ID.toLowerCase()], keyless({ place: { region: 'westus2' } })],
  ])('that %s is refused, and our identity goes nowhere', async (_what, listed, record) => {
    const { vend, seen, world } = vendor({ keyless: listed })
    world.record = async () => record
    expect(await vend()).toBe('keyless_not_enabled')
    expect(seen.exchanged).toEqual([])
  })

  test.each([
    ['refused', 'our own identity is refused'],
    ['forbidden', 'our own identity is refused'],
    ['unsupported', 'no token service there'],
  ] as const)('whose token service answers %s is an outage, and operators are told: %s', async (kind, reason) => {
    const { vend, seen, world } = vendor({ keyless: [ID.toLowerCase()] })
    world.record = async () => keyless()
    world.identity = async () => ({ kind })
    const code = 'token_service_unavailable'
    expect(await vend()).toBe(code)
    expect(seen.reports).toEqual([{ kind: 'look-failed', account: 'speech-west', code, reason }])
  })

  test('keeps its token from look to look, and gives it up when keys come back', async () => {
    const { vend, vendEvery, seen, world } = vendor({ keyless: [ID.toLowerCase()] })
    world.record = async () => keyless()
    await vend()
    await vendEvery(1, 200)
    expect(seen.exchanged).toEqual(['identity'])
    world.record = async () => recordWith('first key')
    expect(await vendEvery(1, 60)).toEqual(['token 1', 'token 2'])
    expect(seen.exchanged).toEqual(['identity', 'first key'])
  })
})
