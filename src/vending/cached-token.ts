// A token at hand: how long it is good, by two clocks.

import { type Clock, countdown } from '../common/clock.ts'
import type { IssuedToken } from './issued-token.ts'

/** What a token was had with: the fingerprint of a key, or no key at all. */
export type Source = string

/** Lengths of time are in milliseconds. */
export interface CachedToken {
  readonly issued: IssuedToken
  readonly source: Source
  /** It is given freely while it has more than this left. */
  readonly goodLeft: number
  /** It is renewed once it has no more than this left. */
  readonly renewLeft: number
  /** With no more than this left it is not worth giving: it would die on the way. */
  readonly leastLeft: number
  /** What is left of it now. */
  readonly left: () => number
}

const MIN_LEFT_MS = 5 * 60_000
/** A token of ten minutes, less what the whole seconds of its `exp` and the exchange take. */
const FULL_LIFE_MS = 9.5 * 60_000
/** Renewed so long before it must be: longer than one exchange may take, so that nobody waits for it. */
const RENEW_AHEAD_MS = 15_000
const LEAST_LEFT_MS = 5_000

export function cacheToken(clock: Clock, { issued, source }: { issued: IssuedToken; source: Source }): CachedToken {
  const life = issued.expiresAt.getTime() - clock.now().getTime()
  const goodLeft = life >= FULL_LIFE_MS ? MIN_LEFT_MS : Math.min(MIN_LEFT_MS, life / 2)
  const renewLeft = goodLeft + Math.min(RENEW_AHEAD_MS, goodLeft / 20)
  const leastLeft = Math.min(LEAST_LEFT_MS, life / 100)
  return { issued, source, goodLeft, renewLeft, leastLeft, left: countdown(clock, life) }
}
