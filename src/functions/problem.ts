// Refusals as problem+json (RFC 9457): a closed list of codes, a constant sentence for each, and nothing else.

import type { HttpResponseInit, InvocationContext } from '@azure/functions'
import type { TokenRefusal } from '../callers/ports.ts'
import type { IssueRefusal } from '../vending/issued-token.ts'
import { EXPOSED } from './exposed-headers.ts'

export type ProblemCode =
  | TokenRefusal
  | IssueRefusal
  | 'caller_denied'
  | 'not_granted'
  | 'rate_limited'
  | 'overloaded'
  | 'method_not_allowed'
  | 'malformed_body'
  | 'body_too_large'
  | 'upstream_unavailable'
  | 'in_grace'
  | 'not_possible'
  | 'misconfigured'
  | 'internal'

interface Problem {
  readonly status: number
  readonly title: string
  /** What the caller can do. Never an upstream's words, a setting, an ARM id or a vault. */
  readonly detail: string
  readonly headers?: Readonly<Record<string, string>>
}

const bearer = (error?: string) => ({
  'WWW-Authenticate': error === undefined ? 'Bearer' : `Bearer error="${error}"`,
})
const RETRY_SOON = { 'Retry-After': '5' }

export const problems: Readonly<Record<ProblemCode, Problem>> = {
  token_missing: {
    status: 401,
    title: 'Authentication required',
    detail: 'Send an Entra access token for this API in the Authorization header, as a Bearer token.',
    headers: bearer(),
  },
  token_invalid: {
    status: 401,
    title: 'Token not accepted',
    detail: 'Send an Entra access token (not an ID token) as Entra issued it, signed with RS256.',
    headers: bearer('invalid_token'),
  },
  token_expired: {
    status: 401,
    title: 'Token expired',
    detail: 'Ask Entra for a new access token and send the request again.',
    headers: bearer('invalid_token'),
  },
  token_wrong_audience: {
    status: 401,
    title: 'Token is for another API',
    detail: 'Ask Entra for a token whose audience is this API.',
    headers: bearer('invalid_token'),
  },
  token_wrong_tenant: {
    status: 401,
    title: 'Token is from another tenant',
    detail: 'Ask the Entra tenant that this API belongs to for the token.',
    headers: bearer('invalid_token'),
  },
  caller_denied: {
    status: 403,
    title: 'Caller denied',
    detail: 'The owners of this API turned this caller away. Ask them.',
  },
  not_granted: {
    status: 403,
    title: 'Not granted',
    detail: 'Ask the owners of this API for the app role that covers this request.',
  },
  unknown_account: {
    status: 404,
    title: 'No such account',
    detail:
      'Check the name: it is the one that this deployment gives to the account. Or nothing is published for it yet.',
  },
  method_not_allowed: { status: 405, title: 'Method not allowed', detail: 'Use a method in the Allow header.' },
  malformed_body: {
    status: 400,
    title: 'Malformed body',
    detail: 'Send no body or an empty JSON object; for a revoke, one whose `slots` is `live`, `idle` or `both`.',
  },
  body_too_large: { status: 413, title: 'Body too large', detail: 'Send what this route takes: it is short.' },
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    detail: 'Keep the token that you have until its `refresh_after`, and wait as long as Retry-After says.',
  },
  overloaded: {
    status: 503,
    title: 'Busy',
    detail: 'This instance has as many requests as it takes at once. Try again shortly.',
    headers: { 'Retry-After': '1' },
  },
  account_held: {
    status: 503,
    title: 'Account on hold',
    detail: 'An operator stopped this account. Ask them; a token will be had again when they release it.',
    headers: { 'Retry-After': '60' },
  },
  tokens_unsupported: {
    status: 409,
    title: 'No tokens for this account',
    detail: 'Services of this kind have no token service. Ask the owners of this API for another way in.',
  },
  keyless_not_enabled: {
    status: 409,
    title: 'Account without keys',
    detail: 'This account has no keys to use, and this API is not set up to serve it without. Ask its owners.',
  },
  key_refused: {
    status: 503,
    title: 'Key being repaired',
    detail: 'The account does not accept its published key. The repair was asked for; try again shortly.',
    headers: { 'Retry-After': '30' },
  },
  token_service_unavailable: {
    status: 503,
    title: 'Token service unavailable',
    detail: 'The token service of this account gave no token. Try again shortly.',
    headers: RETRY_SOON,
  },
  in_grace: {
    status: 409,
    title: 'Still in grace',
    detail: 'The key that this would replace may still be in use. Ask again after `until`, or revoke it.',
  },
  not_possible: {
    status: 409,
    title: 'Not possible now',
    detail: 'This account is left alone for the reason given. The status of the account tells more.',
  },
  upstream_unavailable: {
    status: 503,
    title: 'Temporarily unavailable',
    detail: 'A service that this request needs gave no answer. Try again shortly.',
    headers: RETRY_SOON,
  },
  misconfigured: {
    status: 503,
    title: 'Misconfigured',
    detail: 'This deployment does not work as it is configured. Its log tells its operators why.',
    headers: { 'Retry-After': '60' },
  },
  internal: { status: 500, title: 'Internal error', detail: 'Tell the owners of this API, with the traceId.' },
}

export interface ProblemExtras {
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Facts that the code promises, such as `until`. */
  readonly more?: Readonly<Record<string, string>> | undefined
}

/** Where a deployment itself describes the code: a path of ours, since `about:blank` would allow no titles but HTTP's. */
export const problemType = (code: ProblemCode): string => `/api/openapi.json#/components/schemas/${code}`

const SHARED = { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store', ...EXPOSED }

/** The answer for one code. `traceId` is what an operator searches the log for. */
export function problem(code: ProblemCode, context: InvocationContext, extras: ProblemExtras = {}): HttpResponseInit {
  const { status, title, detail, headers } = problems[code]
  return {
    status,
    headers: { ...SHARED, ...headers, ...extras.headers },
    body: JSON.stringify({
      type: problemType(code),
      title,
      status,
      code,
      detail,
      traceId: traceIdOf(context),
      ...extras.more,
    }),
  }
}

/** The W3C trace id where the host passes one, else the invocation's id. */
export const traceIdOf = ({ traceContext, invocationId }: InvocationContext): string =>
  traceContext?.traceParent?.split('-')[1] ?? invocationId
