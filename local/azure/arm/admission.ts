// What stands before every ARM operation: the bearer, the api-version, the subscription, the limits (contract A4, A5).

import { randomUUID } from 'node:crypto'
import { type Bearer, isAllowed, readBearer } from '../authorisation.ts'
import { type CloudHosts, cloudOf } from '../clouds.ts'
import type { Principal, ServiceDeps } from '../service.ts'
import { type Answer, type Call, isDateVersion, mediaTypeOf, Refusal } from '../wire.ts'
import type { Limits } from './limits.ts'
import {
  forbidden,
  invalidApiVersion,
  missingApiVersion,
  noSubscription,
  unauthenticated,
  unsupportedMediaType,
} from './refusals.ts'

/** A call that was let in, but not yet allowed to do anything. */
export interface Visit {
  readonly call: Call
  readonly principal: Principal
  readonly subscription: ServiceDeps['world']['seed']['subscriptions'][number]
}

const audiencesOf = ({ arm, management }: CloudHosts): readonly string[] =>
  [management, arm].flatMap((host) => [`https://${host}/`, `https://${host}`])

type Problems = Readonly<Record<Exclude<Bearer['kind'], 'ok'>, readonly [code: string, message: string]>>

const problemsOf = (audiences: readonly string[]): Problems => ({
  missing: ['AuthenticationFailed', "Authentication failed. The 'Authorization' header is missing."],
  invalid: ['InvalidAuthenticationToken', 'The access token is invalid.'],
  expired: ['ExpiredAuthenticationToken', 'The access token expiry UTC time is earlier than current UTC time.'],
  'wrong-audience': [
    'InvalidAuthenticationTokenAudience',
    `The access token has been obtained for wrong audience or resource. It should exactly match with one of the allowed audiences '${audiences.join("','")}'.`,
  ],
  'wrong-tenant': ['InvalidAuthenticationTokenTenant', 'The access token is from the wrong issuer.'],
})

/**
 * Runs an operation for a call that may enter, and puts ARM's headers on whatever comes of it.
 *
 * @throws Refusal 401 of five codes, 400 for the api-version, 415, 404 SubscriptionNotFound, 429 when throttling is on.
 */
export async function admit(
  { world, entra }: ServiceDeps,
  limits: Limits,
  call: Call,
  operation: (visit: Visit) => Answer,
): Promise<Answer> {
  let remaining: Record<string, string> = {}
  const audiences = audiencesOf(cloudOf(world.seed))
  try {
    const bearer = await readBearer(entra, call, audiences)
    if (bearer.kind !== 'ok') throw unauthenticated(world.seed.tenantId, ...problemsOf(audiences)[bearer.kind])
    checkApiVersion(call.query.get('api-version'))
    const type = mediaTypeOf(call)
    if (call.body.length > 0 && type !== 'application/json') throw unsupportedMediaType(type)
    const asked = call.params.subscription ?? ''
    const subscription = world.seed.subscriptions.find(({ id }) => id.toLowerCase() === asked.toLowerCase())
    if (!subscription) throw noSubscription(asked)
    remaining = limits(call.method, bearer.principal.objectId, subscription.id)
    return dress(operation({ call, principal: bearer.principal, subscription }), remaining)
  } catch (error) {
    if (error instanceof Refusal) throw new Refusal(dress(error.answer, remaining))
    throw error
  }
}

/** @throws Refusal 403 AuthorizationFailed that names action and scope. */
export function requireAction({ world }: ServiceDeps, principal: Principal, action: string, scope: string): void {
  if (!isAllowed(world, principal, { action, scope, plane: 'control' })) {
    throw forbidden(principal.clientId, principal.objectId, action, scope)
  }
}

/** Any well-formed version will do (contract A1). */
function checkApiVersion(version: string | null): void {
  if (!version) throw missingApiVersion()
  if (!isDateVersion(version)) throw invalidApiVersion(version)
}

const dress = (answer: Answer, remaining: Record<string, string>): Answer => ({
  ...answer,
  headers: {
    'cache-control': 'no-cache',
    pragma: 'no-cache',
    expires: '-1',
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    'x-content-type-options': 'nosniff',
    'x-ms-request-id': randomUUID(),
    'x-ms-correlation-request-id': randomUUID(),
    'x-ms-routing-request-id': `LOCAL:${randomUUID()}`,
    ...remaining,
    ...answer.headers,
  },
})
