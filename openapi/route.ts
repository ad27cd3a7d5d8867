// What the table says of a route, and what many routes have in common.

import type { z } from 'zod'
import type { ProblemCode } from '../src/functions/problem.ts'
import type { HeaderName } from './headers.ts'

export interface Answer {
  readonly description: string
  /** Absent where there is no body. */
  readonly content?: { readonly schema: z.ZodType; readonly example: unknown }
  readonly headers?: readonly HeaderName[]
  /** For anybody's cache; every other answer is for nobody's. */
  readonly isPublic?: true
}

export interface Route {
  /** The name of the function. */
  readonly name: string
  readonly method: 'get' | 'post'
  readonly path: string
  readonly tag: 'vendor' | 'rotator' | 'both'
  readonly summary: string
  readonly description: string
  /** App roles, any of which is enough; none where nobody is asked who they are. */
  readonly roles: readonly string[]
  readonly dryRun?: true
  readonly body?: { readonly schema: z.core.$ZodType; readonly example: unknown; readonly required: boolean }
  readonly answers: Readonly<Record<number, Answer>>
  readonly refusals: readonly ProblemCode[]
}

/** What may become of every request that needs a caller. */
export const anyCaller: readonly ProblemCode[] = [
  'token_missing',
  'token_invalid',
  'token_expired',
  'token_wrong_audience',
  'token_wrong_tenant',
  'caller_denied',
  'not_granted',
  'method_not_allowed',
  'rate_limited',
  'internal',
  'upstream_unavailable',
  'overloaded',
  'misconfigured',
]
export const anyBody: readonly ProblemCode[] = ['malformed_body', 'body_too_large']
