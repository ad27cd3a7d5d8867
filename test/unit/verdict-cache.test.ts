// What is remembered of a bearer, for how long, and what ends it.

import { authenticate } from '../../src/callers/authenticate.ts'
import type { ClaimsAnswer } from '../../src/callers/ports.ts'
import { verdictCache } from '../../src/callers/verdict-cache.ts'
import { testClock } from '../support/rotation-world.ts'

const TENANT = 'tenant-1'
const claims = { ver: '2.0', tid: TENANT, azp: 'app-1', oid: 'sp-1', sub: 'sp-1', roles: ['Token.Issue'] }

/** Tokens of one key that end at the given instant, and how often one was verified. */
function scene(expiresAt: string, answer: Partial<ClaimsAnswer> = {}) {
  const clock = testClock('2026-02-01T12:00:00Z')
  const trusted = new Set(['k1'])
  let verified = 0
  const verifier = {
    verify: async (): Promise<ClaimsAnswer> => {
      verified += 1
      return { kind: 'claims', claims, keyId: 'k1', expiresAt: new Date(expiresAt), ...answer } as ClaimsAnswer
    },
    trusts: (keyId: string) => trusted.has(keyId),
  }
  let wallMs = 0
  const now = () => new Date(clock.now().getTime() + wallMs)
  const ask = authenticate({ verifier, tenantId: TENANT, clock: { ...clock, now } })
  /** Only the wall clock: somebody set it, or the machine slept. */
  const setWall = (milliseconds: number) => {
    wallMs += milliseconds
  }
  return { clock, setWall, trusted, ask, verified: () => verified }
}

test('a bearer is verified once, and known at once from then on', async () => {
  const { ask, verified } = scene('2026-02-01T13:00:00Z')
  const first = ask('Bearer a.b.c')
  expect(first).toBeInstanceOf(Promise)
  const known = { kind: 'caller', caller: { objectId: 'sp-1', appId: 'app-1', roles: ['Token.Issue'] } }
  expect(await first).toEqual(known)
  expect(ask('Bearer a.b.c')).toEqual(known)
  expect(ask('bearer  a.b.c')).toEqual(known)
  expect(verified()).toBe(1)
})

test('one character more or less is another bearer', async () => {
  const { ask, verified } = scene('2026-02-01T13:00:00Z')
  for (const token of ['a.b.c', 'a.b.cc', 'a.b.', 'a.b.d']) await ask(`Bearer ${token}`)
  expect(verified()).toBe(4)
})

test.each([
  ['a token of an hour is known for five minutes', '2026-02-01T13:00:00Z', 300_000],
  ['a token that ends sooner is known until then, with no tolerance', '2026-02-01T12:01:30Z', 90_000],
])('%s', async (_what, expiresAt, knownForMs) => {
  const { ask, clock, verified } = scene(expiresAt)
  await ask('Bearer a.b.c')
  clock.advance(knownForMs - 1)
  await ask('Bearer a.b.c')
  expect(verified()).toBe(1)
  clock.advance(1)
  await ask('Bearer a.b.c')
  expect(verified()).toBe(2)
})

test.each([
  ['five minutes', '2026-02-01T13:00:00Z', 300_000],
  ['the end of the token', '2026-02-01T12:01:30Z', 90_000],
])('a wall clock that is set back by an hour does not put off %s', async (_what, expiresAt, knownForMs) => {
  const { ask, clock, verified, setWall } = scene(expiresAt)
  await ask('Bearer a.b.c')
  setWall(-3_600_000)
  clock.advance(knownForMs - 1)
  await ask('Bearer a.b.c')
  expect(verified()).toBe(1)
  clock.advance(1)
  await ask('Bearer a.b.c')
  expect(verified()).toBe(2)
})

test('a sleep that the monotonic clock did not see ends a verdict', async () => {
  const { ask, verified, setWall } = scene('2026-02-01T13:00:00Z')
  await ask('Bearer a.b.c')
  setWall(300_000)
  await ask('Bearer a.b.c')
  expect(verified()).toBe(2)
})

test('being asked for again and again does not make a verdict live longer', async () => {
  const { ask, clock, verified } = scene('2026-02-01T13:00:00Z')
  for (let minute = 0; minute < 5; minute += 1) {
    await ask('Bearer a.b.c')
    clock.advance(60_000)
  }
  await ask('Bearer a.b.c')
  expect(verified()).toBe(2)
})

test('a token past its end, which the verifier still tolerated, is not remembered', async () => {
  const { ask, verified } = scene('2026-02-01T11:59:30Z')
  await ask('Bearer a.b.c')
  await ask('Bearer a.b.c')
  expect(verified()).toBe(2)
})

test('a verdict ends with its key: the bearer is verified again', async () => {
  const { ask, trusted, verified } = scene('2026-02-01T13:00:00Z')
  await ask('Bearer a.b.c')
  trusted.delete('k1')
  expect(ask('Bearer a.b.c')).toBeInstanceOf(Promise)
  expect(verified()).toBe(2)
})

test('a verdict does not come back with its key', () => {
  const trusted = new Set(['k1'])
  const cache = smallCache({ trusts: (keyId) => trusted.has(keyId) })
  cache.remember('one')
  trusted.delete('k1')
  expect(cache.has('one')).toBe(false)
  trusted.add('k1')
  expect(cache.has('one')).toBe(false)
})

test.each<[string, Partial<ClaimsAnswer>]>([
  ['of the verifier', { kind: 'refused', code: 'token_expired' }],
  ['by its claims', { claims: { ...claims, tid: 'tenant-2' } }],
])('a refusal %s is not remembered', async (_whose, answer) => {
  const { ask, verified } = scene('2026-02-01T13:00:00Z', answer)
  await ask('Bearer a.b.c')
  expect(await ask('Bearer a.b.c')).toMatchObject({ kind: 'refused' })
  expect(verified()).toBe(2)
})

/** Room for two, at noon, of tokens that end at one. */
function smallCache(verifier: { trusts: (keyId: string) => boolean }) {
  const cache = verdictCache({ clock: testClock('2026-02-01T12:00:00Z'), verifier }, 2)
  const known = { kind: 'caller', caller: { objectId: 'sp-1', appId: 'app-1', roles: [] } } as const
  const verified = { kind: 'claims', claims, keyId: 'k1', expiresAt: new Date('2026-02-01T13:00:00Z') } as const
  return {
    remember: (token: string) => cache.put(token, known, verified),
    has: (token: string) => cache.get(token) !== undefined,
  }
}

test('only so many are remembered: the one that was not asked for goes first', () => {
  const cache = smallCache({ trusts: () => true })
  cache.remember('one')
  cache.remember('two')
  cache.has('one')
  cache.remember('three')
  expect(['one', 'two', 'three'].map(cache.has)).toEqual([true, false, true])
})
