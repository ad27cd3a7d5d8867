// The vocabulary of the stand-in: a service is a list of routes, a route turns a call into an answer.

import type { IncomingHttpHeaders } from 'node:http'

/** One request, as a route sees it. */
export interface Call {
  readonly method: string
  /** Lower case, without port. */
  readonly host: string
  /** As sent, without query. */
  readonly path: string
  /** Path parameters, percent-decoded, in the case in which they were sent. */
  readonly params: Readonly<Record<string, string>>
  /** Names and values percent-decoded: the Key Vault client sends `api%2Dversion` (contract A, fact 4). */
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** Who calls, once a bearer of theirs was found to be good; for the journal. */
  readonly caller: { name?: string }
}

/** The token of an `Authorization: Bearer` header; `undefined` when there is none, or the header is another. */
export const bearerOf = ({ authorization = '' }: Pick<IncomingHttpHeaders, 'authorization'>): string | undefined =>
  /^Bearer +(\S+)$/i.exec(authorization)?.[1]

/** `2026-04-01` or `2026-04-01-preview`: a day that there is. */
export function isDateVersion(text: string): boolean {
  const [, day] = /^(\d{4}-\d{2}-\d{2})(-preview(\.\d{1,2})?)?$/.exec(text) ?? []
  if (day === undefined) return false
  const date = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day)
}

/** The media type of the body, lower case and without parameters; empty when the header is absent. */
export const mediaTypeOf = ({ headers }: Pick<Call, 'headers'>): string =>
  (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''

/** What goes back. A string body is sent as it is, `undefined` as an empty body, anything else as JSON. */
export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** What the journal entry of this call says besides; the server copies it there. Never a key, token or value. */
  readonly details?: Readonly<Record<string, string | number | boolean>>
}

export interface Route {
  /** `service.operation`, such as `arm.regenerateKey`: what faults, counts and the journal call it. */
  readonly name: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS'
  /** Whole host names that this route serves, lower case. */
  readonly hosts: RegExp
  /** find-my-way syntax; matched without regard to case, as Azure does. */
  readonly path: string
  readonly handle: (call: Call) => Answer | Promise<Answer>
}

/** Thrown by a helper deep inside a route to end the call with this answer. */
export class Refusal extends Error {
  readonly answer: Answer
  constructor(answer: Answer) {
    super(`refused with ${answer.status}`)
    this.answer = answer
  }
}
