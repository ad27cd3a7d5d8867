// Between a proof, which takes minutes, and its publish somebody else may have been at the secret: it is looked at again.

import type { Pacing } from '../../src/rotation/ports.ts'
import { account, accountId, current, foreign, fp, keys, published, terms } from '../support/rotation.ts'
import { type RotationWorld, rotationWorld, runCheck } from '../support/rotation-world.ts'

const START = '2026-02-01T12:00:00Z'
const DUE = published('2025-11-01T00:00:00Z', 'key1', 'first key')
const NOT_DUE = published('2026-01-20T00:00:00Z', 'key1', 'first key')

/** Something that happens once, while the first key is proved. */
function duringTheProof(world: RotationWorld, happens: () => void) {
  const { verdict } = world
  world.verdict = (key) => {
    world.verdict = verdict
    happens()
    return verdict(key)
  }
}

const disable = (world: RotationWorld, updatedAt: string) => {
  world.versions = world.versions.map((each) => ({ ...each, enabled: false, updatedAt: new Date(updatedAt) }))
}

test.each([
  ['at another time than the version was made', '2026-02-01T12:00:01Z'],
  ['which the vault dates like the version itself', '2025-11-01T00:00:00Z'],
])('an emergency stop during a proof, %s, is not lifted', async (_when, updatedAt) => {
  const world = rotationWorld(START)
  world.versions = [DUE]
  duringTheProof(world, () => disable(world, updatedAt))
  expect(await runCheck(world)).toEqual({ kind: 'skipped', reason: 'held' })
  expect(world.log).toEqual(['regenerate key2'])
})

test('what an emergency stop left unfinished is finished when the version is enabled again', async () => {
  const world = rotationWorld(START)
  world.versions = [DUE]
  duringTheProof(world, () => disable(world, '2025-11-01T00:00:00Z'))
  await runCheck(world)
  world.versions = [DUE]
  expect(await runCheck(world)).toMatchObject({ kind: 'published', slot: 'key2', fingerprint: fp('regenerated 1') })
  expect(world.log).toEqual(['regenerate key2', 'publish key2, expires 2026-04-09'])
})

test('a secret of somebody else that was made during a proof is not written over', async () => {
  const world = rotationWorld(START)
  duringTheProof(world, () => void world.versions.push(foreign(START, { owner: 'payroll' })))
  expect(await runCheck(world)).toMatchObject({ kind: 'skipped', reason: 'secret_not_ours' })
  expect(world.log).toEqual([])
})

test('a secret that is deleted during a proof is asked back, and not written over', async () => {
  const world = rotationWorld(START)
  world.versions = [NOT_DUE]
  world.keys = keys('made by hand', 'second key')
  duringTheProof(world, () => {
    world.deletedTags = { ...NOT_DUE.tags }
  })
  expect(await runCheck(world)).toEqual({ kind: 'recovering' })
  expect(world.log).toEqual(['recover'])
})

test('what somebody published during a proof is planned on', async () => {
  const world = rotationWorld(START)
  duringTheProof(world, () => void world.versions.push(published(START, 'key2', 'second key')))
  expect(await runCheck(world)).toMatchObject({ kind: 'waiting', why: 'not-due' })
  expect(world.log).toEqual([])
})

test('an older version that somebody disables is nothing to a rotation', async () => {
  const world = rotationWorld(START)
  world.versions = [published('2025-10-01T00:00:00Z', 'key2', 'old'), DUE]
  duringTheProof(world, () => {
    world.versions = world.versions.map((each) => (each.version === DUE.version ? each : { ...each, enabled: false }))
  })
  expect(await runCheck(world)).toMatchObject({ kind: 'published', slot: 'key2' })
})

test('no pause stops a revoke: the newest version was disabled before, and still is', async () => {
  const world = rotationWorld(START)
  world.versions = [NOT_DUE]
  disable(world, '2026-01-20T00:00:00Z')
  const { outcome } = await world.check(accountId(), { kind: 'revoke', kill: [current.key1] })
  expect(outcome).toEqual({ kind: 'done' })
  expect(world.log).toEqual(['publish key2, expires 2026-04-09', 'regenerate key1'])
})

test('a record without a key is not published over what somebody made meanwhile', async () => {
  const pacing: Pacing = {
    toRegenerate: async () => undefined,
    toPublish: async () => void world.versions.push(foreign(START, { owner: 'payroll' })),
  }
  const world = rotationWorld(START, { pacing, termsOf: () => ({ ...terms, keyless: true }) })
  world.account = account({ localAuthDisabled: true })
  expect(await runCheck(world)).toMatchObject({ kind: 'skipped', reason: 'secret_not_ours' })
  expect(world.log).toEqual([])
})

test('the versions are read before the lease is compared with the deadline of the publish', async () => {
  const lease = { until: () => 60_000, release: async () => undefined, abandon: () => undefined }
  const world = rotationWorld(START, { lease: { acquire: async () => ({ kind: 'held', clean: true, lease }) } })
  world.versions = [DUE]
  let reads = 0
  world.before = (step) => {
    // The first look is made at once, the next one takes half a minute.
    if (step === 'read' && ++reads === 2) world.clock.advance(30_000)
  }
  expect(await runCheck(world)).toEqual({ kind: 'overtaken' })
  expect(world.log).toEqual(['regenerate key2'])
})
