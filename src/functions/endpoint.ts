// What every HTTP handler shares: the method, the caller, the answer to whatever goes wrong, and one audit record.

import type { HttpHandler, HttpMethod, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions'
import type { Admission } from '../callers/admit.ts'
import type { Authenticate } from '../callers/authenticate.ts'
import type { Caller, CallerAnswer } from '../callers/caller.ts'
import { parseAccountName } from '../common/account.ts'
import { AppError } from '../common/errors.ts'
import { andThen, lastly, orElse, type Soon } from '../common/soon.ts'
import { EXPOSED } from './exposed-headers.ts'
import type { InFlight } from './in-flight.ts'
import { writeRecord } from './log.ts'
import { type ProblemCode, problem } from './problem.ts'
import { quotaHeaders } from './quota-headers.ts'
import type { RefusalCount } from './refusal-count.ts'
import { whereThrown } from './source-place.ts'

/** All methods come here, so that a wrong one gets an answer that says so: the host's own is an empty 404. */
export const allMethods: HttpMethod[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']

type Method = 'GET' | 'POST'

/** One of each for the whole process: the bounds are bounds on all its endpoints together. */
export interface EndpointDeps {
  readonly authenticate: Authenticate
  readonly admit: (caller: Caller) => Admission
  readonly inFlight: InFlight
  readonly refusals: Pick<RefusalCount, 'add' | 'isFirst'>
}

/** What a handler has to say: an answer, or the code of a refusal with the facts that the code promises. */
export type Reply = Answer | Refusal

interface Answer {
  readonly kind: 'answer'
  readonly response: Omit<HttpResponseInit, 'headers'>
  readonly headers: Fields
  /** What the caller has left. */
  readonly quota?: Fields
}

interface Refusal {
  readonly kind: 'refused'
  readonly code: ProblemCode
  readonly more?: Readonly<Record<string, string>>
  readonly quota?: Fields
}

type Fields = Readonly<Record<string, string>>

export const refuse = (code: ProblemCode, more?: Readonly<Record<string, string>>): Reply =>
  more === undefined ? { kind: 'refused', code } : { kind: 'refused', code, more }

/** An answer is for who asked, and for now. */
const JSON_FIELDS: Fields = { 'Cache-Control': 'no-store', 'Content-Type': 'application/json' }

/** @param body JSON. */
export const answerText = (status: number, body: string): Answer => ({
  kind: 'answer',
  response: { status, body },
  headers: JSON_FIELDS,
})

export const answer = (status: number, body: unknown, headers: Fields = {}): Answer => ({
  ...answerText(status, JSON.stringify(body)),
  headers: { ...JSON_FIELDS, ...headers },
})

/** @param note fields for the audit record, added as they become known. Nothing secret. */
export type CallerHandler = (request: HttpRequest, caller: Caller, note: Record<string, string>) => Soon<Reply>

/** An endpoint that anybody may ask. */
export const endpoint = (method: Method, handle: (request: HttpRequest) => Soon<Reply>): HttpHandler =>
  serve(method, handle)

/**
 * An endpoint for callers whom Entra vouches for. Each request of one leaves one record, whatever becomes of it; of one
 * who is denied or limited only the first in a minute, since nothing stops the rest: these are counted, as strangers'
 * are. A caller's quota is taken before its roles are looked at, so that guessing names is limited, too.
 */
export const callerEndpoint = (deps: EndpointDeps, method: Method, handle: CallerHandler): HttpHandler =>
  serve(method, (request, context) => {
    if (!deps.inFlight.enter()) return turnAway(deps, 'overloaded')
    const answered = () =>
      andThen(identify(deps, request), (who) =>
        who.kind === 'refused' ? turnAway(deps, who.code) : serveCaller(deps, handle, who.caller, request, context),
      )
    return lastly(answered, deps.inFlight.leave)
  })

function turnAway({ refusals }: EndpointDeps, code: ProblemCode): Reply {
  refusals.add(code)
  return refuse(code)
}

type Identified = CallerAnswer | { readonly kind: 'refused'; readonly code: 'upstream_unavailable' }

const identify = ({ authenticate }: EndpointDeps, request: HttpRequest): Soon<Identified> =>
  orElse<Identified>(
    () => authenticate(request.headers.get('authorization')),
    (error) => {
      // Nobody knows who asked, so this is counted like other refusals: anybody can have it happen.
      if (error instanceof AppError) return { kind: 'refused', code: 'upstream_unavailable' }
      throw error
    },
  )

function serveCaller(
  { admit, refusals }: EndpointDeps,
  handle: CallerHandler,
  caller: Caller,
  request: HttpRequest,
  context: InvocationContext,
): Soon<Reply> {
  const account = parseAccountName(request.params.account ?? '')
  const note: Record<string, string> = account === undefined ? {} : { account }
  const admission = admit(caller)
  const who = { what: context.functionName, caller: caller.objectId, app: caller.appId }
  const record = (result: ProblemCode | 'granted') =>
    writeRecord((text) => context.info(text), 'request', { ...who, ...note, result })
  if (admission.kind !== 'admitted') {
    const code = admission.kind === 'denied' ? 'caller_denied' : 'rate_limited'
    if (refusals.isFirst({ ...who, result: code })) record(code)
    return admission.kind === 'denied' ? refuse(code) : { ...refuse(code), quota: quotaHeaders(admission.quota) }
  }
  return andThen(
    attempt(context, () => handle(request, caller, note)),
    (handled) => {
      record(handled.kind === 'refused' ? handled.code : 'granted')
      return { ...handled, quota: quotaHeaders(admission.quota) }
    },
  )
}

/** Answers 405 for any other method. HEAD is GET, whose body the host does not send. */
function serve(method: Method, handle: (request: HttpRequest, context: InvocationContext) => Soon<Reply>): HttpHandler {
  const methods: readonly string[] = method === 'GET' ? ['GET', 'HEAD'] : [method]
  return (request, context) => {
    if (!methods.includes(request.method))
      return problem('method_not_allowed', context, { headers: { Allow: methods.join(', ') } })
    return andThen(
      attempt(context, () => handle(request, context)),
      (replied) =>
        replied.kind === 'refused'
          ? problem(replied.code, context, { more: replied.more, headers: replied.quota })
          : responseOf(replied),
    )
  }
}

const responseOf = ({ response, headers, quota }: Answer): HttpResponseInit => ({
  ...response,
  headers: { ...EXPOSED, ...headers, ...quota },
})

/** Turns what is thrown into a refusal that tells nothing of it. */
const attempt = (context: InvocationContext, work: () => Soon<Reply>): Soon<Reply> =>
  orElse(work, (error) => {
    context.error(error instanceof AppError ? `${error.code}: ${error.message}` : `internal: ${whereThrown(error)}`)
    return refuse(codeOf(error))
  })

const codeOf = (error: unknown): ProblemCode => (error instanceof AppError ? 'upstream_unavailable' : 'internal')
