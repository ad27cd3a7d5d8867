// The public keys that an Entra tenant signs with: fetched, kept, and given up in time when they are withdrawn.

import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose'
import type { Clock } from '../common/clock.ts'

const MINUTE = 60_000
/** Keys older than this are fetched again while callers are served with those that are known… */
const REFRESH_MS = 50 * MINUTE
/** …and before anybody is let in with them after this long without a try, so that a withdrawn key ends within an hour. */
const MUST_TRY_MS = 60 * MINUTE
/** For so long they serve while Entra gives no answer (contract E1). */
const LONGEST_MS = 24 * 60 * MINUTE
/** Keys roll without notice, so an unknown one is asked for; but anybody can make one up. */
const COOL_DOWN_MS = 30_000
/** Pause after a try that failed. Short: nobody without a verdict gets in meanwhile. */
const RETRY_MS = 5_000
const TIMEOUT_MS = 5_000

export interface SigningKeys {
  /**
   * For `jwtVerify`: the key that the header names.
   * @throws JWKSNoMatchingKey when the tenant does not publish it; {@link KeysUnavailable} when that could not be asked.
   */
  readonly find: JWTVerifyGetKey
  /** Whether the key is known and young enough. Never waits; begins a fetch when it is time for one. */
  readonly has: (keyId: string) => boolean
}

export class KeysUnavailable extends Error {}

export function signingKeys(url: URL, clock: Clock): SigningKeys {
  // When to fetch is decided here, so the set itself never does so on its own after the first time.
  const options = {
    timeoutDuration: TIMEOUT_MS,
    cooldownDuration: Number.POSITIVE_INFINITY,
    cacheMaxAge: Number.POSITIVE_INFINITY,
  }
  const remote = createRemoteJWKSet(url, options)
  let ids: ReadonlySet<string | undefined> = new Set()
  let fetchedAt = Number.NEGATIVE_INFINITY
  let tried = { at: Number.NEGATIVE_INFINITY, failed: false }
  let flight: Promise<void> | undefined

  // A clock that was set back makes what it measured old, too.
  const since = (at: number): number => Math.abs(clock.now().getTime() - at)

  async function fetchKeys(): Promise<void> {
    const begun = clock.now().getTime()
    const failed = await remote.reload().then(
      () => false,
      () => true,
    )
    tried = { at: begun, failed }
    flight = undefined
    if (failed) return
    fetchedAt = begun
    ids = new Set(remote.jwks()?.keys.map(({ kid }) => kid))
  }

  /** Joins a fetch that is under way. Never rejects. */
  function refresh(): Promise<void> {
    flight ??= fetchKeys()
    return flight
  }

  const knows = (keyId: string): boolean => ids.has(keyId) && since(fetchedAt) < LONGEST_MS

  return {
    async find(header, token) {
      if (header.kid === undefined) throw new errors.JWKSNoMatchingKey()
      const pause = knows(header.kid) ? MUST_TRY_MS : tried.failed ? RETRY_MS : COOL_DOWN_MS
      if (since(tried.at) >= pause) await refresh()
      if (knows(header.kid)) return remote(header, token)
      if (tried.failed) throw new KeysUnavailable()
      throw new errors.JWKSNoMatchingKey()
    },
    has(keyId) {
      const age = since(tried.at)
      if (age >= (tried.failed ? RETRY_MS : REFRESH_MS)) void refresh()
      return age < MUST_TRY_MS && knows(keyId)
    },
  }
}
