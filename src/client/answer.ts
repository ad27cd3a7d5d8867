// What the vendor's answers mean.

import { TokenRequestError } from './token-request-error.ts'

export interface Vended {
  readonly token: string
  readonly region: string
  readonly endpoint: string
  readonly account: string
  /** Milliseconds from the answer on; more than 0. */
  readonly lifeMs: number
  /** Milliseconds from the answer on; may be past. */
  readonly refreshMs: number
}

/**
 * Server times are compared with each other alone, never with a clock of this machine.
 *
 * @throws {TokenRequestError} `unexpected_answer`
 */
export function parseVended(body: unknown): Vended {
  const { access_token: token, expires_in, expires_at, refresh_after, region, endpoint, account } = fieldsOf(body)
  const lifeMs = Number(expires_in) * 1_000
  const refreshMs = lifeMs - (instantOf(expires_at) - instantOf(refresh_after))
  if (isText(token) && isText(region) && isText(endpoint) && isText(account) && lifeMs > 0 && refreshMs <= lifeMs)
    return { token, region, endpoint, account, lifeMs, refreshMs }
  throw new TokenRequestError({ code: 'unexpected_answer' })
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
const instantOf = (text: unknown): number => (isText(text) ? Date.parse(text) : Number.NaN)

/** Those of nothing for what is no object. */
const fieldsOf = (body: unknown): Record<string, unknown> => Object(body)
