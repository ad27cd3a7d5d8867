// Keeps one account's token fresh, with as few requests as that takes.

import { stopwatch, systemClock } from './clock.ts'
import { TokenRequestError } from './token-request-error.ts'
import type { ServiceToken, TokenSourceOptions } from './types.ts'
import { unlessAborted } from './unless-aborted.ts'
import { vend } from './vend.ts'

export interface TokenSource {
  /**
   * The current token; from `refresh_after` on it is still given while one request in the background gets the next.
   * Waits only when there is none with 5 s left. Many calls at once make one request.
   *
   * @param options.signal Ends this caller's wait; the request goes on for the others.
   * @throws {TokenRequestError} when there is no token to be had; what the credential throws, as it is.
   */
  getToken(options?: { signal?: AbortSignal }): Promise<ServiceToken>
  /** Forgets this token, if it is the current one: a service refused it. The next call asks for another. */
  invalidate(token: string): void
}

interface Held {
  readonly value: ServiceToken
  readonly age: () => number
  readonly lifeMs: number
  refreshMs: number
}

/** A token with less left is not given any more: the call that it is for takes time, too. */
const LEAST_LEFT_MS = 5_000
/** A refresh that failed, or that brought a token which is itself due, is not repeated sooner. */
const PAUSE_MS = 5_000

/** @throws TypeError for a url or an account that cannot be right, before anything is sent. */
export function createTokenSource(options: TokenSourceOptions): TokenSource {
  const {
    credential,
    scope = [],
    deadlineMs = 30_000,
    attempts = 3,
    clock = systemClock,
    random = Math.random,
  } = options
  const send: typeof fetch = options.fetch ?? ((...request) => fetch(...request))
  const deps = { url: endpointOf(options), credential, scope, deadlineMs, attempts, fetch: send, clock, random }
  let held: Held | undefined
  let flight: Promise<ServiceToken> | undefined
  /** The vendor asked to be left alone: until then its refusal stands. */
  let resting: { readonly error: TokenRequestError; readonly age: () => number } | undefined

  async function refresh(): Promise<ServiceToken> {
    try {
      const { token, region, endpoint, account, lifeMs, refreshMs, age, sentAt } = await vend(deps)
      const value = { token, expiresAt: new Date(sentAt + lifeMs), region, endpoint, account }
      held = { value, age, lifeMs, refreshMs: Math.max(refreshMs, PAUSE_MS) }
      return value
    } catch (error) {
      if (error instanceof TokenRequestError && error.retryAfterMs) resting = { error, age: stopwatch(clock) }
      if (held) held.refreshMs = held.age() + PAUSE_MS
      throw error
    } finally {
      flight = undefined
    }
  }

  function next(): Promise<ServiceToken> {
    if (flight) return flight
    if (resting && resting.age() < (resting.error.retryAfterMs ?? 0)) return Promise.reject(resting.error)
    resting = undefined
    flight = refresh()
    return flight
  }

  return {
    async getToken({ signal } = {}) {
      signal?.throwIfAborted()
      const age = held?.age() ?? 0
      if (!held || age >= held.lifeMs - LEAST_LEFT_MS) return unlessAborted(next(), signal)
      // Nobody waits for this one; when it is in vain, the next call tries again.
      if (age >= held.refreshMs) next().catch(() => undefined)
      return held.value
    },
    invalidate(token) {
      if (held?.value.token === token) held = undefined
    },
  }
}

function endpointOf({ url, account }: TokenSourceOptions): URL {
  if (!/^[0-9a-z-]{1,127}$/i.test(account)) throw new TypeError('account: 1 to 127 letters, digits and hyphens')
  const base = new URL(url)
  const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(base.hostname)
  if (base.protocol !== 'https:' && !(loopback && base.protocol === 'http:'))
    throw new TypeError('url: https, or http on loopback: a bearer goes there')
  return new URL(`${base.origin}${base.pathname.replace(/\/*$/, '')}/api/accounts/${account.toLowerCase()}/token`)
}
