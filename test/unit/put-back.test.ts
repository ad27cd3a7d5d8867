import type { Plan, Request, SkipReason } from '../../src/rotation/plan.ts'
import { endsUndone, isOverdue, putBack, putBackFailed } from '../../src/rotation/put-back.ts'
import type { Outcome } from '../../src/rotation/run.ts'

const NOW = new Date('2026-02-01T12:00:00Z')
const until = new Date('2026-02-01T13:00:00Z')
const check: Request = { kind: 'check' }
const rotate: Request = { kind: 'rotate', live: 'a' }
const revoke: Request = { kind: 'revoke', kill: ['a'] }
const withheld = (regenerated: boolean): Outcome => ({
  kind: 'withheld',
  slot: 'key2',
  reason: 'rejected',
  regenerated,
})
const skipped = (reason: SkipReason): Outcome => ({ kind: 'skipped', reason })
const planned = (plan: Plan): Outcome => ({ kind: 'planned', plan })
const revoking: Plan = { kind: 'revoke', slot: 'key2', publish: false }
const published: Outcome = { kind: 'published', slot: 'key2', fingerprint: 'f', proof: 'accepted' }

test.each<[string, Outcome, Request, number, number | undefined]>([
  ['a check that found nothing to do', { kind: 'waiting', why: 'not-due', until }, check, 0, undefined],
  ['a check that published', published, check, 0, undefined],
  ['a check of an account that is left alone', { kind: 'skipped', reason: 'held' }, check, 0, undefined],
  ['a check that met another run', { kind: 'busy' }, check, 0, 5_000],
  ['the same for the third time', { kind: 'busy' }, check, 3, 40_000],
  ['a check that was put back ten times', { kind: 'busy' }, check, 10, undefined],
  ['a regenerated key that is not published', withheld(true), check, 0, 0],
  ['a key that nobody proved', withheld(false), check, 0, 5_000],
  ['the same, much later', withheld(false), check, 9, 2_560_000],
  ['the same, after ten times', withheld(false), check, 10, undefined],
  ['a secret that was asked back', { kind: 'recovering' }, check, 0, 15_000],
  ['a run that was overtaken', { kind: 'overtaken' }, check, 0, 5_000],
  ['a world that would not hold still', { kind: 'unsettled' }, check, 4, 60_000],
  ['a rotation that is done', { kind: 'done' }, rotate, 0, undefined],
  ['a rotation that published: the next look says done', published, rotate, 0, 0],
  ['a rotation inside grace', { kind: 'waiting', why: 'grace', until }, rotate, 50, 3_600_000],
  [
    'a rotation inside a grace of weeks',
    { kind: 'waiting', why: 'grace', until: new Date('2026-04-01T00:00:00Z') },
    rotate,
    0,
    518_400_000,
  ],
  ['a rotation of an account that is left alone', { kind: 'skipped', reason: 'held' }, rotate, 0, undefined],
  ['a rotation that met another run for the twentieth time', { kind: 'busy' }, rotate, 20, 120_000],
  ['a revoke that is done', { kind: 'done' }, revoke, 0, undefined],
  ['a revoke that may not be carried out lasts', { kind: 'skipped', reason: 'not-granted' }, revoke, 99, 300_000],
  ['a regenerated key that is not published, after ten times', withheld(true), check, 10, 0],
  ['a rotation of an account that ARM is at work on', skipped('not-settled'), rotate, 0, 5_000],
  ['a rotation whose role is not there yet', skipped('not-granted'), rotate, 9, 2_560_000],
  ['a rotation of an account that does not settle', skipped('not-settled'), rotate, 10, undefined],
  ['a rotation of an account that is gone', skipped('account-gone'), rotate, 0, undefined],
  [
    'a revoke with nothing left to do, in a deployment that only plans',
    planned({ kind: 'done' }),
    revoke,
    0,
    undefined,
  ],
  ['a revoke in a deployment that only plans by now', planned(revoking), revoke, 99, 300_000],
  ['a rotation in a deployment that only plans by now', planned(revoking), rotate, 0, undefined],
  ['a revoke that published: the other key dies at once', published, revoke, 9, 0],
  ['a revoke whose new key nobody proved', withheld(false), revoke, 99, 300_000],
  ['a rotation whose new key nobody proved', withheld(false), rotate, 99, 3_600_000],
  ['a revoke that regenerated and did not publish', withheld(true), revoke, 0, 0],
  ['a revoke that met another run', { kind: 'busy' }, revoke, 99, 120_000],
  ['a revoke that is to wait, which no plan says', { kind: 'waiting', why: 'grace', until }, revoke, 99, 300_000],
])('%s', (_what, outcome, request, attempt, delayMs) => {
  expect(putBack(outcome, request, attempt, NOW)).toBe(delayMs)
})

test.each([
  ['a check that threw', check, false, undefined],
  ['a rotation that threw', rotate, false, undefined],
  ['a check that was throttled', check, true, 40_000],
  ['a revoke that threw', revoke, false, 40_000],
  ['a revoke that was throttled', revoke, true, 40_000],
])('%s is left to the host, or comes again', (_what, request, throttled, delayMs) => {
  expect(putBackFailed(request, 3, throttled)).toBe(delayMs)
})

test('a revoke that throws comes again every five minutes, for ever', () => {
  expect([6, 99, 9_999].map((attempt) => putBackFailed(revoke, attempt, true))).toEqual([300_000, 300_000, 300_000])
})

test.each([
  ['not said when', undefined, 300_000],
  ['noon, two days ago, and a second', '2026-01-30T12:00:01Z', 300_000],
  ['noon, two days ago', '2026-01-30T12:00:00Z', undefined],
])('a revoke whose account ARM does not find, asked for at %s', (_what, askedAt, delayMs) => {
  const at = askedAt === undefined ? undefined : new Date(askedAt)
  expect(putBack(skipped('account-gone'), revoke, 99, NOW, at)).toBe(delayMs)
  expect(putBack(skipped('not-granted'), revoke, 99, NOW, at)).toBe(300_000)
})

test('only a revoke ends undone: a rotation of an account that is gone is over at once', () => {
  const at = new Date('2026-01-30T12:00:00Z')
  const ends = [revoke, rotate, check].map((request) => endsUndone(skipped('account-gone'), request, NOW, at))
  expect(ends).toEqual([true, false, false])
})

test.each([
  ['2026-02-01T11:50:00.001Z', false],
  ['2026-02-01T11:50:00.000Z', true],
  ['2026-02-01T12:00:01.000Z', false],
])('a revoke that was asked for at %s is overdue at noon: %p', (askedAt, overdue) => {
  expect(isOverdue(new Date(askedAt), NOW)).toBe(overdue)
})
