// POST /api/accounts/{account}/rotate and /revoke: what operators may ask for. Answers the plan; the queue does the work.

import type { HttpHandler, HttpResponseInit, InvocationContext } from '@azure/functions'
import { z } from 'zod'
import { mayRotate, type RotationRole } from '../callers/grants.ts'
import { parseAccountName } from '../common/account.ts'
import { unreachable } from '../common/errors.ts'
import type { Asked, Doomed } from '../rotation/requests.ts'
import { readBody } from './body.ts'
import { callerEndpoint, type EndpointDeps } from './endpoint.ts'
import { problem } from './problem.ts'

type DryRun = { readonly dryRun: boolean }

export const rotateAccountHandler = (
  deps: EndpointDeps & { readonly askForRotation: (account: string, options: DryRun) => Promise<Asked> },
): HttpHandler =>
  requestHandler(deps, 'Rotation.Manage', z.strictObject({}).optional(), (account, _body, options) =>
    deps.askForRotation(account, options),
  )

export const revokeAccountHandler = (
  deps: EndpointDeps & {
    readonly askForRevoke: (account: string, slots: Doomed, options: DryRun) => Promise<Asked>
  },
): HttpHandler =>
  requestHandler(
    deps,
    'Rotation.Revoke',
    z.strictObject({ slots: z.enum(['live', 'idle', 'both']) }),
    (account, { slots }, options) => deps.askForRevoke(account, slots, options),
  )

const requestHandler = <Body>(
  deps: EndpointDeps,
  role: RotationRole,
  schema: z.ZodType<Body>,
  ask: (account: string, body: Body, options: DryRun) => Promise<Asked>,
): HttpHandler =>
  callerEndpoint(deps, 'POST', async (request, context, caller) => {
    if (!mayRotate(caller, role)) return problem('not_granted', context)
    const account = parseAccountName(request.params.account ?? '')
    if (account === undefined) return problem('unknown_account', context)
    const body = await readBody(request, schema)
    if (body.kind === 'refused') return problem(body.code, context)
    // Repeated values are joined by the host, so the address itself is read.
    const dryRun = new URL(request.url).searchParams.get('dryRun') === 'true'
    return answer(await ask(account, body.value, { dryRun }), account, context)
  })

function answer(asked: Asked, account: string, context: InvocationContext): HttpResponseInit {
  const headers = { 'Cache-Control': 'no-store' }
  switch (asked.kind) {
    case 'accepted': {
      const Location = `/api/accounts/${account}`
      return { status: 202, headers: { ...headers, Location }, jsonBody: { plan: asked.plan } }
    }
    case 'planned':
      return { status: 200, headers, jsonBody: { plan: asked.plan } }
    case 'in-grace':
      return problem('in_grace', context, {}, { until: asked.until.toISOString() })
    case 'not-possible':
      return problem('not_possible', context, {}, { reason: asked.reason })
    case 'unknown-account':
      return problem('unknown_account', context)
    default:
      return unreachable(asked)
  }
}
