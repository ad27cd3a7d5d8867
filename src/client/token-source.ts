// Keeps one account's token fresh, with as few requests as that takes.

import { LEAST_LEFT_MS } from './answer.ts'
import { stopwatch, systemClock } from './clock.ts'
import { TokenRequestError } from './token-request-error.ts'
import type { ServiceToken, TokenSourceOptions } from './types.ts'
import { unlessAborted } from './unless-aborted.ts'
import { vend } from './vend.ts'

export interface TokenSource {
  /**
   * The current token; from a moment after `refresh_after` on, drawn for each, it is still given while one request in
   * the background gets the next. Waits only when there is none with 5 s left. Many calls at once make one request.
   *
   * @param options.signal Ends this caller's wait; the request goes on for the others.
   * @throws {TokenRequestError} when there is no token to be had, and the same one again without a request for 5 s, or
   *   as long as the vendor asked for, up to 5 minutes; what the credential throws, as it is.
   */
  getToken(options?: { signal?: AbortSignal }): Promise<ServiceToken>
  /**
   * A service refused this token: if it is the current one, the next call asks for another and waits for it. While the
   * vendor has no other, this one is given, and asked about every 5 s at most.
   */
  invalidate(token: string): void
}

interface Held {
  readonly value: ServiceToken
  readonly age: () => number
  readonly lifeMs: number
}

/** Least time between two refreshes, whatever came of the first: a failure, or a token that is itself due or refused. */
const PAUSE_MS = 5_000
/** A vendor that asks to be left alone for longer is asked then all the same: it may have been a slip. */
const LONGEST_PAUSE_MS = 300_000

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
  /** At this age of what is held the next one is asked for. */
  let dueMs = 0
  let refused: string | undefined
  let flight: Promise<ServiceToken> | undefined
  /** Until the pause is over, this stands. */
  let failure: TokenRequestError | undefined
  let sinceFailure: () => number
  let pauseMs: number

  async function refresh(): Promise<ServiceToken> {
    try {
      const { given, lifeMs, refreshMs, age, sentAt } = await vend(deps)
      held = { value: { ...given, expiresAt: new Date(sentAt + lifeMs) }, age, lifeMs }
      // All clients of an account were told the same instant: each draws its own, up to half-way to the end.
      const drawnMs = given.token === refused ? 0 : refreshMs + (random() * (lifeMs - refreshMs)) / 2
      dueMs = Math.max(drawnMs, age() + PAUSE_MS)
      return held.value
    } catch (error) {
      if (error instanceof TokenRequestError) {
        failure = error
        sinceFailure = stopwatch(clock)
        pauseMs = Math.min(Math.max(error.retryAfterMs ?? 0, PAUSE_MS), LONGEST_PAUSE_MS)
      }
      if (held) dueMs = held.age() + PAUSE_MS
      throw error
    } finally {
      flight = undefined
    }
  }

  function next(): Promise<ServiceToken> {
    if (failure && sinceFailure() < pauseMs) return Promise.reject(failure)
    flight ??= refresh()
    return flight
  }

  const isUsable = ({ age, lifeMs }: Held): boolean => age() < lifeMs - LEAST_LEFT_MS

  return {
    async getToken({ signal } = {}) {
      signal?.throwIfAborted()
      const now = held
      if (!now || !isUsable(now)) return unlessAborted(next(), signal)
      if (now.age() < dueMs) return now.value
      const isRefused = now.value.token === refused
      const better = next().catch((error) => {
        // The one at hand is better than none, even if a service refused it: that may have been its own fault.
        if (isRefused && !isUsable(now)) throw error
        return now.value
      })
      return isRefused ? unlessAborted(better, signal) : now.value
    },
    invalidate(token) {
      if (held?.value.token !== token) return
      refused = token
      dueMs = PAUSE_MS
    },
  }
}

function endpointOf({ url, account }: TokenSourceOptions): URL {
  if (!/^[0-9a-z-]{1,127}$/i.test(account)) throw new TypeError('account: 1 to 127 letters, digits and hyphens')
  const base = new URL(url)
  if (!/^(https:|http:\/\/(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$)/.test(base.origin))
    throw new TypeError('url: https, or http on loopback: a bearer goes there')
  return new URL(`${base.origin}${base.pathname.replace(/\/*$/, '')}/api/accounts/${account.toLowerCase()}/token`)
}
