// A vendor in an outage that lasts: who is served without waiting, and what operators are told.

import { AppError } from '../../src/common/errors.ts'
import type { RecordAnswer } from '../../src/vending/ports.ts'
import { settled, vendor } from '../support/vending.ts'

const SECOND = 1_000
const noAnswer = () => Promise.reject(new AppError('upstream_unreachable', 'read secret: no answer'))
const hanging = () => new Promise<RecordAnswer>(() => {})

/** A vendor whose looks have failed since the 60th second; the last one so many seconds ago. */
async function failing(seconds: number) {
  const made = vendor()
  const { vend, vendEvery, clock, world, seen } = made
  await vend()
  await vendEvery(1, 59)
  world.record = noAnswer
  clock.advance(SECOND)
  await vend()
  await settled()
  // Asked again each five seconds, from the 60th on.
  await vendEvery(5, seconds)
  expect(seen.reports).toHaveLength(1 + seconds / 5)
  world.record = hanging
  return made
}

test('a vault that hangs after it failed makes nobody wait, although the last good look is long ago', async () => {
  const { issue, clock, seen } = await failing(60)
  clock.advance(5 * SECOND)
  const before = seen.reads
  expect(issue('speech-west')).toMatchObject({ kind: 'issued', leftMs: 475 * SECOND })
  expect(seen.reads).toBe(before + 1)
})

test.each([
  ['29.999 seconds after the next look was allowed, a failure still counts: nobody waits', 34_999, false],
  ['30 seconds after it, it does not: the next caller waits for the look', 35_000, true],
])('%s', async (_what, quietMs, waits) => {
  const { issue, clock } = await failing(60)
  clock.advance(quietMs)
  expect(issue('speech-west') instanceof Promise).toBe(waits)
})

test('a token with five seconds left is not given, not even in an outage', async () => {
  const { issue, clock } = await failing(530)
  clock.advance(5 * SECOND)
  expect(issue('speech-west')).toBeInstanceOf(Promise)
})

test('a token with more than five seconds left is', async () => {
  const { issue, clock } = await failing(525)
  clock.advance(9_999)
  expect(issue('speech-west')).toMatchObject({ kind: 'issued', leftMs: 5_001 })
})

test('a defect is told as one, with nothing of its message', async () => {
  const { vend, world, seen } = vendor()
  const defect = new TypeError('a key is in here')
  world.record = () => Promise.reject(defect)
  await expect(vend()).rejects.toBe(defect)
  expect(seen.reports).toEqual([{ kind: 'look-failed', account: 'speech-west', code: 'internal', reason: 'a defect' }])
})

test.each([
  ['absent', 'unknown_account'],
  ['held', 'account_held'],
] as const)('an account that is %s is no trouble of ours: nothing is reported', async (kind, code) => {
  const { vend, world, seen } = vendor()
  world.record = async () => ({ kind })
  expect(await vend()).toBe(code)
  expect(seen.reports).toEqual([])
})
