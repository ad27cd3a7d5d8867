// What every HTTP handler shares: the method, the caller, and a refusal for whatever goes wrong.

import type { HttpHandler, HttpMethod, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions'
import type { Caller, CallerAnswer } from '../callers/caller.ts'
import { AppError } from '../common/errors.ts'
import { writeRecord } from './log.ts'
import { problem } from './problem.ts'

/** All methods come here, so that a wrong one gets an answer that says so: the host's own is an empty 404. */
export const allMethods: HttpMethod[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']

export interface EndpointDeps {
  readonly authenticate: (authorization: string | null) => Promise<CallerAnswer>
}

export type CallerHandler = (
  request: HttpRequest,
  context: InvocationContext,
  caller: Caller,
) => Promise<HttpResponseInit>

/** Answers 405 for any other method, and turns what is thrown into a refusal that tells nothing of it. */
export const endpoint =
  (method: HttpMethod, handle: HttpHandler): HttpHandler =>
  async (request, context) => {
    if (request.method !== method) return problem('method_not_allowed', context, { Allow: method })
    try {
      return (await handle(request, context)) ?? {}
    } catch (error) {
      if (error instanceof AppError) {
        context.error(`${error.code}: ${error.message}`)
        return problem('upstream_unavailable', context)
      }
      context.error(`internal: ${whereThrown(error)}`)
      return problem('internal', context)
    }
  }

/** An endpoint for callers whom Entra vouches for. */
export const callerEndpoint = (
  { authenticate }: EndpointDeps,
  method: HttpMethod,
  handle: CallerHandler,
): HttpHandler =>
  endpoint(method, async (request, context) => {
    const answer = await authenticate(request.headers.get('authorization'))
    if (answer.kind === 'refused') {
      writeRecord((text) => context.warn(text), 'caller.refused', { code: answer.code })
      return problem(answer.code, context)
    }
    return handle(request, context, answer.caller)
  })

/** Where an error that is not ours came from. Its message may hold anything, so only its name and place are told. */
function whereThrown(error: unknown): string {
  if (!(error instanceof Error)) return 'not an error'
  const place = error.stack?.split('\n').find((line) => /^\s+at /.test(line))
  return `${error.name}${place === undefined ? '' : ` ${place.trim()}`}`
}
