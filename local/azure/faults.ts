// Failures on request: what to break, how often, and how it looks on the wire of the service that is hit.

import { z } from 'zod'
import type { Answer } from './wire.ts'

const place = {
  /** Name of a route, `service.*` for all of a service, or `*`. */
  route: z.string().min(1),
  /** Only calls to this host. */
  host: z.string().toLowerCase().optional(),
  /** Only calls whose path has this in it, such as `/secrets/speech-west/`. */
  path: z.string().optional(),
  /** How many calls it hits before it is used up. */
  count: z.int().min(1).default(1),
  /** How many calls it lets pass first. */
  skip: z.int().min(0).default(0),
}

export const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    ...place,
    kind: z.literal('status'),
    status: z.int().min(400).max(599),
    /** Replaces the code that the service usually sends with this status; `innerCode` is Key Vault's. */
    code: z.string().optional(),
    innerCode: z.string().optional(),
    /** `flat` is the other shape of the AI services, `{"statusCode","message"}` (contract C5). */
    shape: z.enum(['error', 'flat']).optional(),
    message: z.string().optional(),
    retryAfterSeconds: z.int().min(0).optional(),
    /** Adds to the message what the caller sent, credentials and body: what a log must never show. */
    echo: z.boolean().optional(),
  }),
  z.strictObject({
    ...place,
    /** Sends the caller elsewhere, with no effect here. */
    kind: z.literal('redirect'),
    status: z.union([301, 302, 303, 307, 308].map((status) => z.literal(status))).default(307),
    location: z.url(),
  }),
  z.strictObject({
    ...place,
    /** `hang` never answers; both it and `reset-before` have no effect. `cut-body` and `reset-after` have had it. */
    kind: z.enum(['hang', 'reset-before', 'reset-after', 'cut-body']),
  }),
])

export type FaultInput = z.input<typeof faultSchema>
export type Fault = z.output<typeof faultSchema>
type StatusFault = Extract<Fault, { kind: 'status' }>

export interface Faults {
  /** @throws ZodError for a fault that does not fit. */
  add(fault: FaultInput): void
  clear(): void
  /** What is still to come; `count` and `skip` are what is left of them. */
  list(): readonly Fault[]
  /** The fault for this call, if one is due. The first that fits is spent, in the order in which they were added. */
  take(route: string, host: string, path: string): Fault | undefined
}

export function createFaults(): Faults {
  let pending: Fault[] = []
  return {
    add(fault) {
      pending.push(faultSchema.parse(fault))
    },
    clear() {
      pending = []
    },
    list: () => pending.map((fault) => ({ ...fault })),
    take(route, host, path) {
      for (const fault of pending.filter((candidate) => fits(candidate, { route, host, path }))) {
        if (fault.skip === 0) {
          fault.count -= 1
          pending = pending.filter(({ count }) => count > 0)
          return fault
        }
        fault.skip -= 1
      }
      return undefined
    },
  }
}

function fits(fault: Fault, { route, host, path }: { route: string; host: string; path: string }): boolean {
  if (fault.host !== undefined && fault.host !== host) return false
  if (fault.path !== undefined && !path.includes(fault.path)) return false
  return fault.route === '*' || fault.route === route || fault.route === `${route.split('.')[0]}.*`
}

/**
 * What the service of this route answers with such a status (contract A4, B4 and C5).
 *
 * @param sent what the caller sent, for a fault that is to echo it.
 */
export function answerOf(fault: StatusFault, route: string, sent: () => string): Answer {
  const service = route.split('.')[0] ?? ''
  const wait = fault.retryAfterSeconds
  return {
    status: fault.status,
    headers: {
      ...(wait === undefined ? {} : { 'retry-after': String(wait) }),
      ...(service === 'arm' ? { 'x-ms-failure-cause': 'gateway' } : {}),
    },
    body: bodyOf(fault.echo ? { ...fault, message: `${fault.message ?? ''} ${sent()}` } : fault, service),
  }
}

function bodyOf(fault: StatusFault, service: string): unknown {
  const { status, code, innerCode, shape, message = 'a fault on request' } = fault
  switch (service) {
    case 'arm': {
      const shown = code ?? armCodes[status] ?? 'BadRequest'
      const target = 'Microsoft.CognitiveServices'
      const details = shown === 'MissingSubscriptionRegistration' ? { details: [{ code: shown, target, message }] } : {}
      return { error: { code: shown, message, ...details } }
    }
    case 'keyVault': {
      const inner = innerCode === undefined ? {} : { innererror: { code: innerCode } }
      return { error: { code: code ?? keyVaultCodes[status] ?? 'InternalServerError', message, ...inner } }
    }
    case 'entra':
      return {
        error: code ?? (status < 500 ? 'invalid_request' : 'temporarily_unavailable'),
        error_description: message,
      }
    case 'identity':
      return { statusCode: status, message, correlationId: '00000000-0000-0000-0000-000000000000' }
    default:
      return shape === 'flat' ? { statusCode: status, message } : { error: { code: code ?? String(status), message } }
  }
}

const armCodes: Readonly<Record<number, string>> = {
  401: 'AuthenticationFailed',
  403: 'AuthorizationFailed',
  404: 'ResourceNotFound',
  409: 'RequestConflict',
  429: 'TooManyRequests',
  500: 'InternalServerError',
  503: 'ServiceUnavailable',
  504: 'GatewayTimeout',
}

const keyVaultCodes: Readonly<Record<number, string>> = {
  400: 'BadParameter',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'SecretNotFound',
  409: 'Conflict',
  429: 'Throttled',
  503: 'ServiceUnavailable',
}
