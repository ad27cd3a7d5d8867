// The timing rule: what a run may send under its lease, and what it does when it does not know what became of it.

import { AppError } from '../../src/common/errors.ts'
import type { Pacing } from '../../src/rotation/ports.ts'
import type { CheckDeps, Report } from '../../src/rotation/run.ts'
import { accountId, ID, published } from '../support/rotation.ts'
import { type RotationWorld, rotationWorld } from '../support/rotation-world.ts'

const START = '2026-02-01T12:00:00Z'

/** A lease that ends `leftMs` after the start; `clean` says whether the holder before gave it back. */
function worldWith(leftMs: number, clean = true, change: Partial<CheckDeps> = {}): RotationWorld {
  const world: RotationWorld = rotationWorld(START, {
    lease: {
      acquire: async () => ({
        kind: 'held',
        clean,
        lease: {
          until: () => leftMs,
          release: async () => void world.log.push('lease released'),
          abandon: () => void world.log.push('lease abandoned'),
        },
      }),
    },
    ...change,
  })
  world.versions = [published('2025-11-01T00:00:00Z', 'key1', 'first key')]
  return world
}

const check = (world: RotationWorld): Promise<Report> => world.check(accountId(), { kind: 'check' })

test.each([
  [30_000, { kind: 'overtaken' }, ['lease released']],
  [30_001, { kind: 'overtaken' }, ['regenerate key2', 'lease released']],
  [32_001, { kind: 'published' }, ['regenerate key2', 'publish key2, expires 2026-04-09', 'lease released']],
])('with %i ms of lease left, a write of up to 30,000 ms is sent only if it fits', async (left, outcome, log) => {
  // Three exchanges two seconds apart in all pass between the regenerate and the publish.
  const world = worldWith(left)
  expect((await check(world)).outcome).toMatchObject(outcome)
  expect(world.log).toEqual(log)
})

test.each([
  [{ toRegenerate: 29_999, toPublish: 0 }, ['regenerate key2', 'lease released']],
  [{ toRegenerate: 30_000, toPublish: 0 }, ['lease released']],
  [{ toRegenerate: 0, toPublish: 28_000 }, ['regenerate key2', 'lease released']],
  [{ toRegenerate: 0, toPublish: 27_000 }, ['regenerate key2', 'publish key2, expires 2026-04-09', 'lease released']],
])('a wait of %j ms for Azure’s limits comes before the look at the lease, of 60 s', async (waits, log) => {
  const pacing: Pacing = {
    toRegenerate: () => world.clock.sleep(waits.toRegenerate),
    toPublish: () => world.clock.sleep(waits.toPublish),
  }
  const world = worldWith(60_000, true, { pacing })
  await check(world)
  expect(world.log).toEqual(log)
})

test.each([
  ['the regenerate', 'listKeys', []],
  ['the publish', 'regenerate key2', ['regenerate key2']],
])('a lease that is lost before %s: nothing more is sent', async (_what, lostAt, done) => {
  const log: string[] = []
  let until = 60_000
  const lease = { until: () => until, release: async () => void log.push('released'), abandon: () => undefined }
  const world = rotationWorld(START, { lease: { acquire: async () => ({ kind: 'held', clean: true, lease }) } })
  world.versions = [published('2025-11-01T00:00:00Z', 'key1', 'first key')]
  world.before = (step) => {
    if (step === lostAt) until = Number.NEGATIVE_INFINITY
  }
  expect((await check(world)).outcome).toEqual({ kind: 'overtaken' })
  expect([world.log, log]).toEqual([done, ['released']])
})

test('a run that was overtaken after its regenerate is finished by the next one', async () => {
  const world = worldWith(30_001)
  await check(world)
  const next = rotationWorld(START)
  Object.assign(next, { keys: world.keys, versions: world.versions })
  expect((await check(next)).outcome).toMatchObject({ kind: 'published', slot: 'key2' })
  expect(next.log).toEqual(['publish key2, expires 2026-04-09'])
})

test.each([
  ['no answer to the regenerate', 'regenerate key2', new AppError('upstream_unreachable', 'x'), 'lease abandoned'],
  ['no answer to the publish', 'publish', new AppError('upstream_unreachable', 'x'), 'lease abandoned'],
  ['something that is not ours', 'publish', new TypeError('x'), 'lease abandoned'],
  ['a regenerate that is refused', 'regenerate key2', new AppError('upstream_refused', 'x'), 'lease released'],
  ['a publish that is throttled', 'publish', new AppError('upstream_throttled', 'x'), 'lease released'],
  ['a read that fails', 'read', new AppError('upstream_unreachable', 'x'), 'lease released'],
])('%s: %s, %p leaves the %s', async (_what, step, error, last) => {
  const world = worldWith(60_000)
  world.before = (now) => {
    if (now === step) throw error
  }
  await expect(check(world)).rejects.toBe(error)
  expect(world.log.at(-1)).toBe(last)
})

test('a lease that was not given back is waited out before anything is read', async () => {
  const world = worldWith(Number.POSITIVE_INFINITY, false)
  const reads: number[] = []
  world.before = (step) => {
    if (step === 'read') reads.push(world.clock.elapsed())
  }
  await check(world)
  expect(reads[0]).toBe(90_000)
})

test('what was planned and done is in the report, and in the note for the status page', async () => {
  const notes: object[] = []
  const world = worldWith(60_000, true, {
    lease: {
      acquire: async () => ({
        kind: 'held',
        clean: true,
        lease: { until: () => 60_000, release: async (note) => void notes.push(note), abandon: () => undefined },
      }),
    },
  })
  const report = await check(world)
  expect(report).toMatchObject({ planned: ['rotate'], did: ['regenerate key2', 'publish key2'] })
  expect(notes).toEqual([{ at: '2026-02-01T12:00:02.000Z', account: ID, ...report }])
})

test('a run that failed says so in its note', async () => {
  const world = rotationWorld(START)
  world.before = () => {
    throw new AppError('upstream_unreachable', 'x')
  }
  await expect(check(world)).rejects.toThrow('x')
  expect(world.leaseNotes).toEqual([
    { at: '2026-02-01T12:00:00.000Z', account: ID, planned: [], did: [], outcome: { kind: 'failed' } },
  ])
})
