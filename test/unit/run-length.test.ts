// The host ends a call after ten minutes, without a word: a run begins nothing that could last until then.

import type { Lease, Pacing } from '../../src/rotation/ports.ts'
import type { CheckDeps } from '../../src/rotation/run.ts'
import { published } from '../support/rotation.ts'
import { rotationWorld, runCheck } from '../support/rotation-world.ts'

const START = '2026-02-01T12:00:00Z'
const timing = { writeDeadlineMs: 30_000, quarantineMs: 90_000, beginWithinMs: 264_000 }

const leaseThatIs = (clean: boolean): Lease => ({
  acquire: async () => ({
    kind: 'held',
    clean,
    lease: { until: () => Number.POSITIVE_INFINITY, release: async () => undefined, abandon: () => undefined },
  }),
})

/** Each proof takes 200 seconds and ends as told, in order. */
function worldWithProofs(verdicts: readonly ('accepted' | 'rejected')[], change: Partial<CheckDeps> = {}) {
  const left = [...verdicts]
  const world = rotationWorld(START, {
    timing,
    prove: async () => {
      world.clock.advance(200_000)
      return { kind: left.shift() ?? 'accepted' }
    },
    ...change,
  })
  return world
}

test('when the key to adopt is refused to the end, there is time for a proof of the other one', async () => {
  const world = worldWithProofs(['rejected', 'accepted'], { lease: leaseThatIs(true) })
  expect(await runCheck(world)).toMatchObject({ kind: 'published', slot: 'key2' })
  expect(world.clock.elapsed()).toBe(400_000)
})

test('after a quarantine there is none, and the next run goes on', async () => {
  const world = worldWithProofs(['rejected', 'accepted'], { lease: leaseThatIs(false) })
  expect(await runCheck(world)).toEqual({ kind: 'unsettled' })
  expect(world.clock.elapsed()).toBe(290_000)
  expect(world.log).toEqual([])
})

test('no plan is begun after that, however often the world moves', async () => {
  const world = worldWithProofs([])
  world.before = (step) => {
    if (step === 'publish') world.versions.push(published('2026-03-01T00:00:00Z', 'key2', 'by somebody else'))
  }
  expect(await runCheck(world)).toEqual({ kind: 'unsettled' })
  expect(world.clock.elapsed()).toBe(400_000)
})

test('no key is regenerated that there is no time to prove', async () => {
  const pacing: Pacing = { toRegenerate: () => world.clock.sleep(264_000), toPublish: async () => undefined }
  const world = worldWithProofs([], { pacing })
  world.versions = [published('2025-11-01T00:00:00Z', 'key1', 'first key')]
  expect(await runCheck(world)).toEqual({ kind: 'unsettled' })
  expect(world.log).toEqual([])
})

test('a version of next year is waited for no longer than the clocks may differ, and a second or two', async () => {
  const world = rotationWorld(START, { prove: async () => ({ kind: 'accepted' }) })
  const later = '2027-02-01T12:00:00Z'
  world.versions = [published(later, 'key1', 'first key'), published(later, 'key2', 'second key')]
  await runCheck(world)
  // The skew of a minute and two seconds, for each of three plans.
  expect(world.clock.elapsed()).toBe(186_000)
})
