// POST /api/accounts/{account}/rotate and /revoke: what operators may ask for. Answers the plan; the queue does the work.

import type { HttpHandler } from '@azure/functions'
import type * as z from 'zod/mini'
import { mayRotate, type RotationRole } from '../callers/grants.ts'
import { parseAccountName } from '../common/account.ts'
import { unreachable } from '../common/errors.ts'
import type { Asked, Doomed } from '../rotation/requests.ts'
import { readBody } from './body.ts'
import { answer, callerEndpoint, type EndpointDeps, type Reply, refuse } from './endpoint.ts'
import { noBody, revokeBody } from './schemas/bodies.ts'

type DryRun = { readonly dryRun: boolean }

export const rotateAccountHandler = (
  deps: EndpointDeps & { readonly askForRotation: (account: string, options: DryRun) => Promise<Asked> },
): HttpHandler =>
  requestHandler(deps, 'Rotation.Manage', noBody, (account, _body, options) => deps.askForRotation(account, options))

export const revokeAccountHandler = (
  deps: EndpointDeps & {
    readonly askForRevoke: (account: string, slots: Doomed, options: DryRun) => Promise<Asked>
  },
): HttpHandler =>
  requestHandler(deps, 'Rotation.Revoke', revokeBody, (account, { slots }, options) =>
    deps.askForRevoke(account, slots, options),
  )

const requestHandler = <Body>(
  deps: EndpointDeps,
  role: RotationRole,
  schema: z.ZodMiniType<Body>,
  ask: (account: string, body: Body, options: DryRun) => Promise<Asked>,
): HttpHandler =>
  callerEndpoint(deps, 'POST', async (request, caller) => {
    if (!mayRotate(caller, role)) return refuse('not_granted')
    const account = parseAccountName(request.params.account ?? '')
    if (account === undefined) return refuse('unknown_account')
    const body = await readBody(request, schema)
    if (body.kind === 'refused') return refuse(body.code)
    // Repeated values are joined by the host, so the address itself is read.
    const dryRun = new URL(request.url).searchParams.get('dryRun') === 'true'
    return reply(await ask(account, body.value, { dryRun }), account)
  })

function reply(asked: Asked, account: string): Reply {
  switch (asked.kind) {
    case 'accepted':
      return answer(202, { plan: asked.plan }, { Location: `/api/accounts/${account}` })
    case 'planned':
      return answer(200, { plan: asked.plan })
    case 'in-grace':
      return refuse('in_grace', { until: asked.until.toISOString() })
    case 'not-possible':
      return refuse('not_possible', { reason: asked.reason })
    case 'unknown-account':
      return refuse('unknown_account')
    default:
      return unreachable(asked)
  }
}
