// The public keys that an Entra tenant signs with: fetched, kept, and given up in time when they are withdrawn.

import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose'
import { type Clock, stopwatch } from '../common/clock.ts'

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
/** So many may wait for a key that is not known, lest an Entra that hangs fill this process with bearers of anybody's. */
const MOST_WAITING = 100

export interface SigningKeys {
  /**
   * For `jwtVerify`: the key that the header names.
   * @throws JWKSNoMatchingKey when the tenant does not publish it; {@link KeysUnavailable} when that could not be asked:
   *   at once, where the last try failed already.
   */
  readonly find: JWTVerifyGetKey
  /** Whether the key is known and young enough. Never waits; begins a fetch when it is time for one. */
  readonly has: (keyId: string) => boolean
}

export class KeysUnavailable extends Error {}

interface Known {
  readonly find: JWTVerifyGetKey
  readonly ids: ReadonlySet<unknown>
  /** Milliseconds since they were asked for. */
  readonly age: () => number
}

export function signingKeys(url: URL, clock: Clock): SigningKeys {
  // It fetches and no more: which keys count, and when to fetch, is decided here.
  const remote = createRemoteJWKSet(url, { timeoutDuration: TIMEOUT_MS })
  let known: Known | undefined
  let tried = { age: () => Number.POSITIVE_INFINITY, failed: false }
  let flight: Promise<void> | undefined
  let waiting = 0

  async function fetchKeys(): Promise<void> {
    const age = stopwatch(clock)
    const set = await remote.reload().then(
      () => remote.jwks(),
      () => undefined,
    )
    const ids = new Set(set?.keys.map(({ kid }) => kid).filter((kid) => kid !== undefined))
    flight = undefined
    // A tenant always has keys: an answer without any is a fault of theirs, and takes away none that are known. The
    // pause begins at the end of what failed, or there were none after a try that took as long.
    if (set === undefined || ids.size === 0) {
      tried = { age: stopwatch(clock), failed: true }
    } else {
      tried = { age, failed: false }
      known = { find: createLocalJWKSet(set), ids, age }
    }
  }

  /** Joins a fetch that is under way. Never rejects. */
  function refresh(): Promise<void> {
    flight ??= fetchKeys()
    return flight
  }

  /** @throws KeysUnavailable rather than wait, where that is likely to be in vain or too many do. */
  async function refreshForUnknown(): Promise<void> {
    const coming = refresh()
    if (tried.failed || (known && waiting >= MOST_WAITING)) throw new KeysUnavailable()
    waiting += 1
    await coming
    waiting -= 1
  }

  const keysWith = (keyId: string) => (known?.ids.has(keyId) && known.age() < LONGEST_MS ? known : undefined)

  return {
    async find(header, token) {
      const { kid } = header
      if (kid === undefined) throw new errors.JWKSNoMatchingKey()
      if (keysWith(kid)) {
        if (tried.age() >= MUST_TRY_MS) await refresh()
      } else if (tried.age() >= (tried.failed ? RETRY_MS : COOL_DOWN_MS)) await refreshForUnknown()
      const keys = keysWith(kid)
      if (keys) return keys.find(header, token)
      if (tried.failed) throw new KeysUnavailable()
      throw new errors.JWKSNoMatchingKey()
    },
    has(keyId) {
      const age = tried.age()
      if (age >= (tried.failed ? RETRY_MS : REFRESH_MS)) void refresh()
      return age < MUST_TRY_MS && keysWith(keyId) !== undefined
    },
  }
}
