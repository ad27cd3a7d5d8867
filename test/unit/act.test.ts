// What one plan writes, and what counts as written.

import { Secret } from '../../src/common/secret.ts'
import type { Pacing } from '../../src/rotation/ports.ts'
import { account, accountId, current, fp, ID, keys, published, terms } from '../support/rotation.ts'
import { isCurrent, rotationWorld, runCheck } from '../support/rotation-world.ts'

const START = '2026-02-01T12:00:00Z'
const DUE = published('2025-11-01T00:00:00Z', 'key1', 'first key')
const keyless = { termsOf: () => ({ ...terms, keyless: true }) }

test('a record without a key says so in its value, its outcome and its report', async () => {
  const world = rotationWorld(START, keyless)
  world.account = account({ localAuthDisabled: true })
  const report = await world.check(accountId(), { kind: 'check' })
  expect(report).toEqual({
    outcome: { kind: 'published', slot: 'none', fingerprint: fp('keyless'), proof: 'keyless' },
    planned: ['keyless'],
    did: ['publish none'],
  })
  expect(Object.keys(world.versions[0]?.tags ?? {}).sort()).toEqual([
    'CredentialId',
    'Kind',
    'ProviderAddress',
    'PublishedAt',
    'Publisher',
    'Region',
    'SubDomain',
    'ValidityPeriodDays',
  ])
})

test('an account without a subdomain is published without one', async () => {
  const world = rotationWorld(START)
  world.account = account({ place: { region: 'westus2' } })
  await runCheck(world)
  expect(world.versions[0]?.tags).not.toHaveProperty('SubDomain')
  expect(await runCheck(world)).toMatchObject({ kind: 'waiting' })
})

test('what is published is valid for whole days, rounded up', async () => {
  const world = rotationWorld(START, { checkEveryMs: 3_600_000 })
  world.account = account({ tags: { keystile: 'rotate', 'keystile-rotate-every': 'P1D', 'keystile-grace': 'P2D' } })
  await runCheck(world)
  // Grace of two days and one check of an hour.
  expect(world.versions[0]?.tags.ValidityPeriodDays).toBe('3')
})

test('a tie of long ago is settled at once: no second is waited for', async () => {
  const world = rotationWorld(START, { prove: async () => ({ kind: 'accepted' }) })
  world.versions = [
    published('2026-01-20T00:00:00Z', 'key1', 'first key'),
    published('2026-01-20T00:00:00Z', 'key2', 'second key'),
  ]
  expect(await runCheck(world)).toMatchObject({ kind: 'published' })
  expect(world.clock.elapsed()).toBe(0)
})

test('a tie of this very second is published again in the next one', async () => {
  const world = rotationWorld('2026-02-01T12:00:00.250Z', { prove: async () => ({ kind: 'accepted' }) })
  world.versions = [published(START, 'key1', 'first key'), published(START, 'key2', 'second key')]
  expect(await runCheck(world)).toMatchObject({ kind: 'published', slot: 'key1' })
  expect(world.clock.elapsed()).toBe(750)
})

test('a key to adopt that nobody could judge is withheld: the other one is not published in its place', async () => {
  const world = rotationWorld(START)
  world.verdict = (key) =>
    key.reveal() === 'first key' ? { kind: 'unknown', reason: 'forbidden' } : { kind: 'accepted' }
  expect(await runCheck(world)).toEqual({ kind: 'withheld', slot: 'key1', reason: 'forbidden', regenerated: false })
  expect(world.log).toEqual([])
})

test('both keys to adopt refused in turn: nothing is published', async () => {
  const world = rotationWorld(START, { prove: async () => ({ kind: 'rejected' }) })
  expect(await runCheck(world)).toEqual({ kind: 'withheld', slot: 'key2', reason: 'rejected', regenerated: false })
  expect(world.log).toEqual([])
})

test('the tags say which key was published and which one was left', async () => {
  const world = rotationWorld(START)
  world.versions = [DUE]
  expect(await runCheck(world)).toMatchObject({ kind: 'published', slot: 'key2' })
  expect(world.versions.at(-1)?.tags).toMatchObject({
    CredentialId: 'key2',
    KeyFingerprint: fp('regenerated 1'),
    SiblingFingerprint: fp('first key'),
  })
})

test('a regenerate that changed nothing is told of by slot and account', async () => {
  const world = rotationWorld(START)
  world.versions = [DUE]
  const { keys: unchanged } = world
  Object.defineProperty(world, 'keys', { get: () => unchanged, set: () => undefined })
  await expect(runCheck(world)).rejects.toThrow(`regenerate key2 of ${ID}: the key is what it was`)
})

test('a secret that is deleted while it is published is asked back, not taken for published', async () => {
  const world = rotationWorld(START)
  let reads = 0
  world.before = (step) => {
    if (step === 'read') reads += 1
    if (reads === 3) world.deletedTags = { ...world.versions[0]?.tags }
  }
  expect(await runCheck(world)).toEqual({ kind: 'recovering' })
  expect(world.log).toEqual(['publish key1, expires 2026-04-09', 'recover'])
})

test('a record without a key that is gone again when it is read back does not count as published', async () => {
  const world = rotationWorld(START, keyless)
  world.account = account({ localAuthDisabled: true })
  world.before = (step) => {
    if (step === 'read') world.versions = []
  }
  expect(await runCheck(world)).toEqual({ kind: 'unsettled' })
})

test('a record without a key that a key overtakes does not count as published', async () => {
  const world = rotationWorld(START, keyless)
  world.account = account({ localAuthDisabled: true })
  world.before = (step) => {
    if (step === 'read' && world.versions.length > 0)
      world.versions.push(published(`2026-02-01T12:0${world.versions.length}:00Z`, 'key1', 'first key'))
  }
  expect(await runCheck(world)).toEqual({ kind: 'unsettled' })
})

test('a key that another publication overtook does not count as published', async () => {
  const world = rotationWorld(START)
  world.before = (step) => {
    if (step === 'read' && world.versions.length === 1)
      world.versions.push(published('2026-02-01T12:01:00Z', 'key2', 'second key'))
  }
  expect(await runCheck(world)).toMatchObject({ kind: 'waiting', why: 'not-due' })
  expect(world.log).toHaveLength(1)
})

test('each write waits for its own limit, of the account’s own subscription', async () => {
  const waits: string[] = []
  const pacing: Pacing = {
    toRegenerate: async (subscription) => void waits.push(`regenerate in ${subscription}`),
    toPublish: async () => void waits.push('publish'),
  }
  const world = rotationWorld(START, { pacing })
  world.versions = [DUE]
  await runCheck(world)
  expect(waits).toEqual(['regenerate in 11111111-1111-4111-8111-111111111111', 'publish'])
})

test('a revoke of an idle key publishes nothing, and leaves the live one as it is', async () => {
  const world = rotationWorld(START)
  world.versions = [published('2026-01-20T00:00:00Z', 'key1', 'first key')]
  const report = await world.check(accountId(), { kind: 'revoke', kill: [current.key2] })
  expect(report).toEqual({
    outcome: { kind: 'done' },
    planned: ['revoke', 'done'],
    did: ['regenerate key2'],
    live: expect.objectContaining({ since: new Date('2026-01-20T00:01:01Z') }),
  })
  expect(isCurrent(world, Secret.of('first key'))).toBe(true)
})

test('a revoke whose new key nobody can judge is withheld, with the live key as it is', async () => {
  const world = rotationWorld(START)
  world.versions = [published('2026-01-20T00:00:00Z', 'key1', 'first key')]
  world.verdict = () => ({ kind: 'unknown', reason: 'timeout' })
  const { outcome } = await world.check(accountId(), { kind: 'revoke', kill: [current.key1, current.key2] })
  expect(outcome).toEqual({ kind: 'withheld', slot: 'key2', reason: 'timeout', regenerated: true })
  expect(isCurrent(world, Secret.of('first key'))).toBe(true)
})

test('a revoke that never ends is looked at six times', async () => {
  const world = rotationWorld(START)
  world.versions = [published('2026-01-20T00:00:00Z', 'key1', 'first key')]
  world.before = (step) => {
    if (step === 'listKeys') world.keys = keys()
  }
  const { outcome, planned } = await world.check(accountId(), { kind: 'revoke', kill: [current.key2] })
  expect([outcome, planned]).toEqual([{ kind: 'unsettled' }, Array(6).fill('revoke')])
})
