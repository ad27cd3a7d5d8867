// One refresh: a bearer from the credential, a token from the vendor, and patience with both.

import { parseRefusal, parseVended, type Vended } from './answer.ts'
import { stopwatch } from './clock.ts'
import { TokenRequestError } from './token-request-error.ts'
import type { ClientClock, TokenCredentialLike } from './types.ts'
import { unlessAborted } from './unless-aborted.ts'

export interface VendDeps {
  readonly url: URL
  readonly credential: TokenCredentialLike
  readonly scope: string | string[]
  readonly deadlineMs: number
  readonly attempts: number
  readonly fetch: typeof fetch
  readonly clock: ClientClock
  readonly random: () => number
}

export interface Fresh extends Vended {
  /** Milliseconds since the request was sent, which was before the token's life began to be counted. */
  readonly age: () => number
  /** Milliseconds since the epoch, on this machine's clock. */
  readonly sentAt: number
}

/** Full jitter: up to this before the second attempt, twice as much before the third. */
const BACKOFF_MS = 500

/**
 * Asks until there is a token, an answer that asking again would not change, or no time left. Throttling, 5xx,
 * a broken connection and a 200 without a token that can be used are asked again after a jittered wait, or what
 * Retry-After says and a jitter; a 401 once, if the credential has another bearer by then.
 *
 * @throws {TokenRequestError} and whatever the credential throws, as it is: it may tell the page to sign in.
 */
export async function vend(deps: VendDeps): Promise<Fresh> {
  const { credential, scope, deadlineMs, attempts, clock, random } = deps
  const deadline = AbortSignal.timeout(deadlineMs)
  const elapsed = stopwatch(clock)

  async function bearer(): Promise<string> {
    const answer = await unlessAborted(credential.getToken(scope, { abortSignal: deadline }), deadline)
    if (!answer?.token) throw new TokenRequestError({ code: 'no_bearer' })
    return answer.token
  }

  try {
    let shown = await bearer()
    let renewed = false
    for (let attempt = 1; ; attempt += 1) {
      const answer = await ask(deps, shown, deadline)
      if (!(answer instanceof TokenRequestError)) return answer
      if (answer.status === 401 && !renewed) {
        renewed = true
        const next = await bearer()
        if (next === shown) throw answer
        shown = next
        attempt -= 1
        continue
      }
      const wait = (answer.retryAfterMs ?? 0) + random() * BACKOFF_MS * 2 ** (attempt - 1)
      if (!mayPass(answer) || attempt >= attempts || elapsed() + wait >= deadlineMs) throw answer
      await clock.sleep(wait)
    }
  } catch (error) {
    if (deadline.aborted && !(error instanceof TokenRequestError)) throw new TokenRequestError({ code: 'timeout' })
    throw error
  }
}

const mayPass = ({ status = 500 }: TokenRequestError): boolean => status === 429 || status >= 500

async function ask(
  { url, fetch, clock }: VendDeps,
  bearer: string,
  deadline: AbortSignal,
): Promise<Fresh | TokenRequestError> {
  const age = stopwatch(clock)
  const sentAt = clock.wall()
  let answer: Response
  let text: string
  try {
    answer = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${bearer}` },
      redirect: 'error',
      cache: 'no-store',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      signal: deadline,
    })
    text = await answer.text()
  } catch (error) {
    if (deadline.aborted) throw error
    // The error of `fetch` says more, and what that is depends on who made this `fetch`: it is not passed on.
    return new TokenRequestError({ code: 'network' })
  }
  const body = parseJson(text)
  if (!answer.ok) return parseRefusal(answer, body, bearer, clock.wall())
  const vended = parseVended(body)
  return vended instanceof TokenRequestError ? vended : { ...vended, age, sentAt }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
