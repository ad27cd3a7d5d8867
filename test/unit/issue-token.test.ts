// The cache of a vendor: who waits, what is served meanwhile, and what is remembered.

import { AppError } from '../../src/common/errors.ts'
import { Secret } from '../../src/common/secret.ts'
import type { ExchangeAnswer, RecordAnswer } from '../../src/vending/ports.ts'
import { pending, recordWith, settled, vendor } from '../support/vending.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const noAnswer = () => Promise.reject(new AppError('upstream_unreachable', 'read secret: no answer'))
const down: ExchangeAnswer = { kind: 'unknown', reason: 'timeout' }

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
    leftMs: 600_000,
  })
})

test('a hundred callers at once make one read and one exchange', async () => {
  const { vend, seen } = vendor()
  await Promise.all(Array.from({ length: 100 }, () => vend()))
  expect([seen.reads, seen.exchanged]).toEqual([1, ['first key']])
})

test('accounts do not share a token', async () => {
  const { vend, seen } = vendor()
  expect([await vend('speech-west'), await vend('speech-east')]).toEqual(['token 1', 'token 2'])
  expect(seen.exchanged).toHaveLength(2)
})

describe('renewal', () => {
  test('from the cache, the answer is there at once: no promise, no read', async () => {
    const { issue, vend, seen } = vendor()
    await vend()
    expect(issue('speech-west')).toMatchObject({ kind: 'issued' })
    expect(seen.reads).toBe(1)
  })

  test('15 seconds before a token has five minutes left, the next one is fetched behind the callers’ backs', async () => {
    const { vend, seen, clock } = vendor()
    await vend()
    clock.advance(4 * MINUTE)
    await vend()
    await settled()
    clock.advance(45 * SECOND - 1)
    expect(await vend()).toBe('token 1')
    await settled()
    expect(seen.exchanged).toHaveLength(1)
    clock.advance(1)
    expect(await vend()).toBe('token 1')
    await settled()
    expect(seen.exchanged).toHaveLength(2)
    expect(await vend()).toBe('token 2')
  })

  test('with callers each second for an hour, nobody gets less than five minutes, and an exchange is made each 285 seconds', async () => {
    const { issue, vend, seen, clock } = vendor()
    await vend()
    let least = Number.POSITIVE_INFINITY
    for (let second = 0; second < 3_600; second += 1) {
      clock.advance(SECOND)
      const result = issue('speech-west')
      expect(result).not.toBeInstanceOf(Promise)
      const { issued } = result as Extract<Awaited<typeof result>, { kind: 'issued' }>
      least = Math.min(least, issued.expiresAt.getTime() - clock.now().getTime())
      await settled()
    }
    expect(least).toBe(5 * MINUTE + 15 * SECOND)
    expect(seen.exchanged).toHaveLength(1 + Math.floor(3_600 / 285))
    expect(seen.reads).toBeLessThanOrEqual(1 + 60 + 12)
  })

  test('while an exchange hangs, callers are served until five minutes are left, and then wait', async () => {
    const { issue, vend, clock, world, token } = vendor()
    await vend()
    const hanging = pending<ExchangeAnswer>()
    world.exchange = () => hanging.promise
    clock.advance(4 * MINUTE)
    await vend()
    await settled()
    clock.advance(MINUTE - 1)
    expect(await vend()).toBe('token 1')
    clock.advance(1)
    const waiting = issue('speech-west')
    expect(waiting).toBeInstanceOf(Promise)
    hanging.settle(token('late'))
    expect(await waiting).toMatchObject({ issued: { token: Secret.of('late') } })
  })

  test('a token that lives 20 seconds is renewed after 9.5 and served for 10', async () => {
    const { issue, vend, seen, clock, world, token } = vendor()
    world.exchange = async () => token(`token ${seen.exchanged.length}`, 20)
    await vend()
    clock.advance(9_499)
    expect(await vend()).toBe('token 1')
    expect(seen.exchanged).toHaveLength(1)
    clock.advance(1)
    expect(issue('speech-west')).toMatchObject({ issued: { token: Secret.of('token 1') } })
    await settled()
    clock.advance(9_500)
    expect(await vend()).toBe('token 2')
    await settled()
    clock.advance(10_000)
    expect(issue('speech-west')).toBeInstanceOf(Promise)
  })
})

describe('the newest version is looked at', () => {
  test('once a minute, with no exchange while it names the same key', async () => {
    const { vend, vendEvery, seen } = vendor()
    await vend()
    await vendEvery(1, 240)
    expect([seen.reads, seen.exchanged]).toEqual([5, ['first key']])
  })

  test('a key that was published meanwhile is exchanged, so that a revoke reaches every caller within 75 seconds', async () => {
    const { vend, vendEvery, world } = vendor()
    await vend()
    world.record = async () => recordWith('second key')
    expect(await vendEvery(1, 75)).toEqual(['token 1', 'token 2'])
  })

  test('75 seconds count from the moment of the read, however long the exchange after it took', async () => {
    const { issue, vend, vendEvery, clock, world, token } = vendor()
    await vend()
    await vendEvery(1, 284)
    const slow = pending<ExchangeAnswer>()
    world.exchange = () => slow.promise
    clock.advance(SECOND)
    await vend()
    await settled()
    clock.advance(9 * SECOND)
    slow.settle(token('token 2'))
    await settled()
    world.record = async () => ({ kind: 'held' })
    clock.advance(66 * SECOND)
    expect(await issue('speech-west')).toEqual({ kind: 'refused', code: 'account_held' })
  })

  test('after a quiet time the next caller waits for the look: an emergency stop holds at once', async () => {
    const { vend, clock, world } = vendor()
    await vend()
    world.record = async () => ({ kind: 'held' })
    clock.advance(75 * SECOND)
    expect(await vend()).toBe('account_held')
  })

  test('a stop drops the token: nothing of it is served when the account is released', async () => {
    const { vend, clock, world } = vendor()
    await vend()
    world.record = async () => ({ kind: 'held' })
    clock.advance(75 * SECOND)
    await vend()
    world.record = async () => recordWith('first key')
    clock.advance(5 * SECOND)
    expect(await vend()).toBe('token 2')
  })
})

test('a token of four seconds is given, too: what is too short to give is a matter of its life', async () => {
  const { issue, world, token } = vendor()
  world.exchange = async () => token('short', 4)
  expect(await issue('speech-west')).toMatchObject({ kind: 'issued', leftMs: 4_000 })
})

describe('whoever never answers', () => {
  test('is waited for 10 seconds by those who came first, and by nobody else; 30 seconds end it', async () => {
    const { issue, vend, clock, world, seen } = vendor()
    world.record = () => new Promise(() => {})
    const first = vend()
    clock.advance(9_999)
    const second = vend()
    clock.advance(1)
    expect([await first, await second]).toEqual(['token_service_unavailable', 'token_service_unavailable'])
    expect(await issue('speech-west')).toEqual({ kind: 'refused', code: 'token_service_unavailable' })
    expect(seen.reads).toBe(1)
    clock.advance(20 * SECOND)
    await settled()
    expect(seen.reports).toEqual([
      {
        kind: 'look-failed',
        account: 'speech-west',
        code: 'upstream_unreachable',
        reason: 'look at speech-west: no answer (timeout)',
      },
    ])
    world.record = async () => recordWith('first key')
    clock.advance(5 * SECOND)
    expect(await vend()).toBe('token 1')
  })

  test('leaves no timer behind once it has answered', async () => {
    const { vend, clock } = vendor()
    await vend()
    await settled()
    expect(clock.sleeping()).toBe(0)
  })

  test('does not put an answer that comes too late in the place of a newer one', async () => {
    const { vend, clock, world } = vendor()
    const hanging = pending<RecordAnswer>()
    world.record = () => hanging.promise
    const first = vend()
    clock.advance(30 * SECOND)
    expect(await first).toBe('token_service_unavailable')
    await settled()
    world.record = async () => ({ kind: 'held' })
    clock.advance(5 * SECOND)
    expect(await vend()).toBe('account_held')
    hanging.settle(recordWith('first key'))
    await settled()
    expect(await vend()).toBe('account_held')
  })
})

describe('two clocks', () => {
  test('a wall clock that is set back does not lengthen a token', async () => {
    const { issue, vend, clock } = vendor()
    await vend()
    clock.setWall(-60 * MINUTE)
    clock.advance(MINUTE - 1)
    expect(issue('speech-west')).toMatchObject({ kind: 'issued', leftMs: 9 * MINUTE + 1 })
  })

  test('a token that ended while the machine slept is not given', async () => {
    const { vend, clock } = vendor()
    await vend()
    clock.setWall(60 * MINUTE)
    expect(await vend()).toBe('token 2')
  })

  test('a token of 599 seconds is good for 299 of them: whole seconds are no reason for less than five minutes', async () => {
    const { issue, vend, clock, world, seen, token } = vendor()
    world.exchange = async () => token(`token ${seen.exchanged.length}`, 599)
    await vend()
    const hanging = pending<ExchangeAnswer>()
    world.exchange = () => hanging.promise
    clock.advance(240 * SECOND)
    await vend()
    await settled()
    clock.advance(59 * SECOND - 1)
    expect(issue('speech-west')).toMatchObject({ leftMs: 5 * MINUTE + 1 })
    clock.advance(1)
    expect(issue('speech-west')).toBeInstanceOf(Promise)
    hanging.settle(token('late'))
  })
})

describe('failures', () => {
  test.each<[string, () => Promise<RecordAnswer>, ExchangeAnswer, string, string]>([
    ['the vault', noAnswer, { kind: 'refused' }, 'upstream_unreachable', 'read secret: no answer'],
    ['the token service', async () => recordWith('first key'), down, 'token_service_unavailable', 'timeout'],
    [
      'a firewall',
      async () => recordWith('first key'),
      { kind: 'forbidden' },
      'token_service_unavailable',
      'forbidden',
    ],
    [
      'the route to it',
      async () => recordWith('first key'),
      { kind: 'unsupported' },
      'token_service_unavailable',
      'no token service there',
    ],
  ])(
    '%s is down: what is valid is served to its end, and the log says so',
    async (_what, record, answer, code, reason) => {
      const { vend, vendEvery, clock, world, seen } = vendor()
      await vend()
      world.record = record
      world.exchange = async () => answer
      expect(await vendEvery(1, 594)).toEqual(['token 1'])
      expect(new Set(seen.reports.map((event) => JSON.stringify(event)))).toEqual(
        new Set([JSON.stringify({ kind: 'look-failed', account: 'speech-west', code, reason })]),
      )
      clock.advance(SECOND)
      expect(await vend().catch((error: AppError) => error.code)).toBe(code)
    },
  )

  test('one failed look does not undo a stop: after a quiet time the next caller waits as ever', async () => {
    const { vend, vendEvery, clock, world } = vendor()
    await vend()
    await vendEvery(1, 60)
    world.record = noAnswer
    await vendEvery(1, 2)
    world.record = async () => ({ kind: 'held' })
    clock.advance(300 * SECOND)
    expect(await vend()).toBe('account_held')
  })

  test('one failed look does not have a token handed out that is about to end', async () => {
    const { issue, vend, vendEvery, clock, world } = vendor()
    await vend()
    await vendEvery(1, 60)
    world.record = noAnswer
    await vendEvery(1, 2)
    world.record = async () => recordWith('first key')
    clock.advance(530 * SECOND)
    expect(await issue('speech-west')).toMatchObject({ kind: 'issued', leftMs: 600_000 })
  })

  test('an answer is given from memory for five seconds, and then asked for anew', async () => {
    const { vend, clock, world, seen } = vendor()
    world.exchange = async () => down
    expect(await vend()).toBe('token_service_unavailable')
    clock.advance(4_999)
    expect(await vend()).toBe('token_service_unavailable')
    expect(seen.reads).toBe(1)
    clock.advance(1)
    await vend()
    expect(seen.reads).toBe(2)
  })

  test.each([
    [0, 2_500],
    [0.5, 5_000],
    [0.9999, 7_499.5],
  ])('the seconds are drawn, so that instances do not come back all at once: %d gives %d ms', async (drawn, ms) => {
    const { vend, clock, world, seen } = vendor({ random: () => drawn })
    world.record = async () => ({ kind: 'absent' })
    await vend()
    clock.advance(ms - 1)
    expect(await vend()).toBe('unknown_account')
    expect(seen.reads).toBe(1)
    clock.advance(1)
    await vend()
    expect(seen.reads).toBe(2)
  })

  test('a vault that does not answer is remembered as well: the same error, no second read', async () => {
    const { vend, world, seen } = vendor()
    world.record = noAnswer
    await expect(vend()).rejects.toThrow('no answer')
    await expect(vend()).rejects.toThrow('no answer')
    expect(seen.reads).toBe(1)
  })

  test('what failed once and works again is forgotten', async () => {
    const { vend, clock, world } = vendor()
    world.record = noAnswer
    await expect(vend()).rejects.toThrow('no answer')
    world.record = async () => recordWith('first key')
    clock.advance(5_000)
    expect(await vend()).toBe('token 1')
  })

  test('a hundred callers of a broken account make one read', async () => {
    const { vend, world, seen } = vendor()
    world.record = async () => ({ kind: 'absent' })
    await Promise.all(Array.from({ length: 100 }, () => vend()))
    expect(seen.reads).toBe(1)
  })
})
