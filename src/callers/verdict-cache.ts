// Remembers who a bearer was found to be, so that the second request with it costs a digest and two look-ups.

import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { type Clock, countdown } from '../common/clock.ts'
import type { KnownCaller } from './caller.ts'
import type { TokenVerifier, VerifiedClaims } from './ports.ts'

/** All that is put off by this is another look at the same token: the key, the end and the denial are looked at each time. */
const LONGEST_MS = 5 * 60_000
const MOST_VERDICTS = 10_000

interface Verdict {
  readonly answer: KnownCaller
  readonly keyId: string
  /** Milliseconds for which it is still taken. */
  readonly left: () => number
}

export interface VerdictCache {
  get(token: string): KnownCaller | undefined
  put(token: string, answer: KnownCaller, verified: VerifiedClaims): void
}

/**
 * Verdicts by the SHA-256 of the bearer: at most 5 minutes, never past the token's own end even where a clock is set
 * back, and dropped once the key that signed it is no longer trusted. Refusals are not remembered: made-up tokens would only push the good ones out.
 *
 * @param most how many are kept; the one that was not used for longest goes first.
 */
export function verdictCache(
  { clock, verifier }: { clock: Clock; verifier: Pick<TokenVerifier, 'trusts'> },
  most = MOST_VERDICTS,
): VerdictCache {
  const verdicts = new LRUCache<string, Verdict>({ max: most })
  return {
    get(token) {
      const name = nameOf(token)
      const verdict = verdicts.get(name)
      if (verdict === undefined) return undefined
      if (verdict.left() > 0 && verifier.trusts(verdict.keyId)) return verdict.answer
      verdicts.delete(name)
      return undefined
    },
    put(token, answer, { keyId, expiresAt }) {
      const lifeMs = Math.min(LONGEST_MS, expiresAt.getTime() - clock.now().getTime())
      verdicts.set(nameOf(token), { answer, keyId, left: countdown(clock, lifeMs) })
    },
  }
}

const nameOf = (token: string): string => hash('sha256', token, 'base64url')
