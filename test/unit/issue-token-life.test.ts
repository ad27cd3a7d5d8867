// How long a token at hand counts as good, by how long it lives.

import { Secret } from '../../src/common/secret.ts'
import { cacheToken } from '../../src/vending/cached-token.ts'
import { testClock } from '../support/rotation-world.ts'

test.each([
  ['ten minutes', '12:10:00.000', 300_000, 315_000, 5_000],
  ['nine and a half', '12:09:30.000', 300_000, 315_000, 5_000],
  ['a moment less', '12:09:29.999', 284_999.5, 299_249.475, 5_000],
  ['a minute', '12:01:00.000', 30_000, 31_500, 600],
])('of %s', (_what, until, goodLeft, renewLeft, leastLeft) => {
  const clock = testClock('2026-02-01T12:00:00Z')
  const expiresAt = new Date(`2026-02-01T${until}Z`)
  const issued = {
    token: Secret.of('t'),
    expiresAt,
    refreshAfter: expiresAt,
    region: 'westus2',
    endpoint: 'https://e/',
  }
  expect(cacheToken(clock, { issued, source: 'f' })).toMatchObject({ goodLeft, renewLeft, leastLeft })
})
