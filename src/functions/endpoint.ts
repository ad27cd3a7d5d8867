// What every HTTP handler shares: the method, the caller, the answer to whatever goes wrong, and one audit record.

import type { HttpHandler, HttpMethod, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions'
import type { Caller, CallerAnswer } from '../callers/caller.ts'
import { AppError } from '../common/errors.ts'
import { writeRecord } from './log.ts'
import { type ProblemCode, problem } from './problem.ts'

/** All methods come here, so that a wrong one gets an answer that says so: the host's own is an empty 404. */
export const allMethods: HttpMethod[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']

export interface EndpointDeps {
  readonly authenticate: (authorization: string | null) => Promise<CallerAnswer>
}

/** What a handler has to say: an answer, or the code of a refusal with the facts that the code promises. */
export type Reply =
  | { readonly kind: 'answer'; readonly response: HttpResponseInit }
  | { readonly kind: 'refused'; readonly code: ProblemCode; readonly more?: Readonly<Record<string, string>> }

export const refuse = (code: ProblemCode, more?: Readonly<Record<string, string>>): Reply =>
  more === undefined ? { kind: 'refused', code } : { kind: 'refused', code, more }

export const answer = (status: number, jsonBody: unknown, headers: Readonly<Record<string, string>> = {}): Reply => ({
  kind: 'answer',
  response: { status, headers: { 'Cache-Control': 'no-store', ...headers }, jsonBody },
})

/** @param note fields for the audit record, added as they become known. Nothing secret. */
export type CallerHandler = (request: HttpRequest, caller: Caller, note: Record<string, string>) => Promise<Reply>

/** An endpoint that anybody may ask. */
export const endpoint = (method: HttpMethod, handle: () => Promise<Reply>): HttpHandler => serve(method, handle)

/** An endpoint for callers whom Entra vouches for. Each request of one leaves one record, whatever becomes of it. */
export const callerEndpoint = (
  { authenticate }: EndpointDeps,
  method: HttpMethod,
  handle: CallerHandler,
): HttpHandler =>
  serve(method, async (request, context) => {
    const answered = await authenticate(request.headers.get('authorization'))
    if (answered.kind === 'refused') {
      writeRecord((text) => context.warn(text), 'caller.refused', { code: answered.code })
      return refuse(answered.code)
    }
    const { caller } = answered
    const note: Record<string, string> = {}
    let result: ProblemCode | 'granted' = 'internal'
    try {
      const reply = await handle(request, caller, note)
      result = reply.kind === 'refused' ? reply.code : 'granted'
      return reply
    } catch (error) {
      result = codeOf(error)
      throw error
    } finally {
      const who = { caller: caller.objectId, app: caller.appId }
      writeRecord((text) => context.info(text), 'request', { what: context.functionName, ...who, ...note, result })
    }
  })

/** Answers 405 for any other method, and turns what is thrown into a refusal that tells nothing of it. */
const serve =
  (method: HttpMethod, handle: (request: HttpRequest, context: InvocationContext) => Promise<Reply>): HttpHandler =>
  async (request, context) => {
    if (request.method !== method) return problem('method_not_allowed', context, { headers: { Allow: method } })
    try {
      const reply = await handle(request, context)
      return reply.kind === 'answer' ? reply.response : problem(reply.code, context, reply)
    } catch (error) {
      context.error(error instanceof AppError ? `${error.code}: ${error.message}` : `internal: ${whereThrown(error)}`)
      return problem(codeOf(error), context)
    }
  }

const codeOf = (error: unknown): ProblemCode => (error instanceof AppError ? 'upstream_unavailable' : 'internal')

/** Where an error that is not ours came from. Its message may hold anything, so only its name and place are told. */
function whereThrown(error: unknown): string {
  if (!(error instanceof Error)) return 'not an error'
  const place = error.stack?.split('\n').find((line) => /^\s+at /.test(line))
  return `${error.name}${place === undefined ? '' : ` ${place.trim()}`}`
}
