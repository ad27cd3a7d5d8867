// What the vendor's answers mean.

import { TokenRequestError } from './token-request-error.ts'
import type { ServiceToken } from './types.ts'

export interface Vended {
  readonly given: Omit<ServiceToken, 'expiresAt'>
  /** Milliseconds from the answer on; more than {@link LEAST_LEFT_MS}, at most 10 minutes. */
  readonly lifeMs: number
  /** Milliseconds from the answer on; may be past. */
  readonly refreshMs: number
}

/** A token with less left is given to nobody: the call that it is for takes time, too. */
export const LEAST_LEFT_MS = 5_000
/** No token of a token service lives longer; a vendor that says so has a wrong clock. */
const LONGEST_LIFE_MS = 600_000

/**
 * Server times are compared with each other alone, never with a clock of this machine.
 *
 * @returns an error `unexpected_answer` for what is no token, or none that can be used.
 */
export function parseVended(body: unknown): Vended | TokenRequestError {
  const { access_token: token, expires_in, expires_at, refresh_after, region, endpoint, account } = fieldsOf(body)
  const lifeMs = Number(expires_in) * 1_000
  const refreshMs = lifeMs - (instantOf(expires_at) - instantOf(refresh_after))
  const isLife = lifeMs > LEAST_LEFT_MS && lifeMs <= LONGEST_LIFE_MS && refreshMs <= lifeMs
  if (isLife && isText(token) && isText(region) && isText(endpoint) && isText(account))
    return { given: { token, region, endpoint, account }, lifeMs, refreshMs }
  return new TokenRequestError({ code: 'unexpected_answer' })
}

/**
 * @param bearer What was sent: an answer that repeats it is not repeated.
 * @param now Milliseconds since the epoch, for a Retry-After that is a date in an answer that has none itself.
 */
export function parseRefusal({ status, headers }: Response, body: unknown, bearer: string, now: number) {
  const { code, title, detail, traceId } = fieldsOf(body)
  const text = (value: unknown) => (isText(value) && !value.includes(bearer) ? value.slice(0, 500) : undefined)
  return new TokenRequestError({
    status,
    code: isText(code) && /^[a-z_]{1,64}$/.test(code) ? code : `http_${status}`,
    title: text(title),
    detail: text(detail),
    traceId: text(traceId),
    retryAfterMs: retryAfterOf(headers, now),
  })
}

/** Seconds, or a date that is reckoned from the answer's own. */
function retryAfterOf(headers: Headers, now: number): number | undefined {
  const text = headers.get('retry-after')?.trim()
  if (!text) return undefined
  if (/^\d+$/.test(text)) return Number(text) * 1_000
  const from = instantOf(headers.get('date'))
  const wait = instantOf(text) - (Number.isNaN(from) ? now : from)
  return Number.isNaN(wait) ? undefined : Math.max(0, wait)
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** @returns NaN for what is no instant. */
const instantOf = (text: unknown): number => Date.parse(isText(text) ? text : '')

/** Those of nothing for what is no object. */
const fieldsOf = (body: unknown): Record<string, unknown> => Object(body)
