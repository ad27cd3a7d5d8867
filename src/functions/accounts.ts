// GET /api/accounts and /api/accounts/{account}: what operators see of the fleet. Never a key.

import type { HttpHandler } from '@azure/functions'
import { mayRotate } from '../callers/grants.ts'
import { parseAccountName } from '../common/account.ts'
import type { AccountStatus, FleetStatus } from '../rotation/status.ts'
import { answer, callerEndpoint, type EndpointDeps, refuse } from './endpoint.ts'

export const listAccountsHandler = (deps: EndpointDeps & { listStatus: () => Promise<FleetStatus> }): HttpHandler =>
  callerEndpoint(deps, 'GET', async (_request, caller) => {
    if (!mayRotate(caller, 'Rotation.Read')) return refuse('not_granted')
    return answer(200, await deps.listStatus())
  })

export const getAccountHandler = (
  deps: EndpointDeps & { getStatus: (account: string) => Promise<AccountStatus | undefined> },
): HttpHandler =>
  callerEndpoint(deps, 'GET', async (request, caller) => {
    if (!mayRotate(caller, 'Rotation.Read')) return refuse('not_granted')
    const account = parseAccountName(request.params.account ?? '')
    if (account === undefined) return refuse('unknown_account')
    const status = await deps.getStatus(account)
    return status ? answer(200, status) : refuse('unknown_account')
  })
