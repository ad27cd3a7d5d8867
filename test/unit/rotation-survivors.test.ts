// What mutation tests of src/rotation found that no other test would have noticed.

import { type Policy, policyOf } from '../../src/rotation/policy.ts'
import { putBackThrottled } from '../../src/rotation/put-back.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

describe('the policy of an account', () => {
  const settings = {
    rotateEveryMs: 30 * DAY,
    graceMs: 2 * DAY,
    minGraceMs: HOUR,
    minRotateEveryMs: DAY,
    maxRotateEveryMs: 90 * DAY,
  }
  const bad = (reason: string): Policy => ({ kind: 'bad', reason })

  test.each<[string, Record<string, string>, Policy]>([
    ['no tag', {}, { kind: 'policy', rotateEveryMs: 30 * DAY, graceMs: 2 * DAY }],
    [
      'the least that is allowed',
      { 'keystile-rotate-every': 'P1D', 'keystile-grace': 'PT1H' },
      { kind: 'policy', rotateEveryMs: DAY, graceMs: HOUR },
    ],
    [
      'the most that is allowed',
      { 'keystile-rotate-every': 'P90D', 'keystile-grace': 'P90D' },
      { kind: 'policy', rotateEveryMs: 90 * DAY, graceMs: 90 * DAY },
    ],
    ['too often', { 'keystile-rotate-every': 'PT23H' }, bad('keystile-rotate-every is below the least allowed')],
    ['too rarely', { 'keystile-rotate-every': 'P91D' }, bad('keystile-rotate-every is above the most allowed')],
    ['too short a grace', { 'keystile-grace': 'PT59M' }, bad('keystile-grace is below the least allowed')],
    ['no interval', { 'keystile-rotate-every': '30' }, bad('keystile-rotate-every is not an ISO 8601 duration')],
    ['no grace', { 'keystile-grace': 'two days' }, bad('keystile-grace is not an ISO 8601 duration')],
  ])('with %s', (_what, tags, policy) => {
    expect(policyOf(tags, settings)).toEqual(policy)
  })
})

test.each([
  ['a check', { kind: 'check' }, 0, 5_000],
  ['a check for the tenth time', { kind: 'check' }, 9, 600_000],
  ['a check for the last time', { kind: 'check' }, 10, undefined],
  ['a rotation, however often', { kind: 'rotate', live: 'a' }, 99, 600_000],
  ['a revoke', { kind: 'revoke', kill: ['a'] }, 1, 10_000],
] as const)('%s that Azure was too busy for comes again', (_what, request, attempt, delayMs) => {
  expect(putBackThrottled(request, attempt)).toBe(delayMs)
})
