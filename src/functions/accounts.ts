// GET /api/accounts and /api/accounts/{account}: what operators see of the fleet. Never a key.

import type { HttpHandler } from '@azure/functions'
import { mayRotate } from '../callers/grants.ts'
import { parseAccountName } from '../common/account.ts'
import type { AccountStatus } from '../rotation/status.ts'
import { callerEndpoint, type EndpointDeps } from './endpoint.ts'
import { problem } from './problem.ts'

const NO_STORE = { 'Cache-Control': 'no-store' }

export const listAccountsHandler = (
  deps: EndpointDeps & { listStatus: () => Promise<readonly AccountStatus[]> },
): HttpHandler =>
  callerEndpoint(deps, 'GET', async (_request, context, caller) => {
    if (!mayRotate(caller, 'Rotation.Read')) return problem('not_granted', context)
    return { status: 200, headers: NO_STORE, jsonBody: { accounts: await deps.listStatus() } }
  })

export const getAccountHandler = (
  deps: EndpointDeps & { getStatus: (account: string) => Promise<AccountStatus | undefined> },
): HttpHandler =>
  callerEndpoint(deps, 'GET', async (request, context, caller) => {
    if (!mayRotate(caller, 'Rotation.Read')) return problem('not_granted', context)
    const name = parseAccountName(request.params.account ?? '')
    const status = name && (await deps.getStatus(name))
    return status ? { status: 200, headers: NO_STORE, jsonBody: status } : problem('unknown_account', context)
  })
