// POST /api/accounts/{account}/token: a token for a caller who was granted this account.

import type { HttpHandler } from '@azure/functions'
import type * as z from 'zod'
import { mayIssue } from '../callers/grants.ts'
import { parseAccountName } from '../common/account.ts'
import { fingerprintOf } from '../common/secret.ts'
import type { IssuedToken, IssueResult } from '../vending/issued-token.ts'
import { readBody } from './body.ts'
import { answer, callerEndpoint, type EndpointDeps, refuse } from './endpoint.ts'
import { noBody } from './schemas/bodies.ts'
import type { tokenAnswer } from './schemas/token.ts'

export interface IssueTokenHandlerDeps extends EndpointDeps {
  readonly issue: (account: string) => IssueResult | Promise<IssueResult>
}

export const issueTokenHandler = (deps: IssueTokenHandlerDeps): HttpHandler =>
  callerEndpoint(deps, 'POST', async (request, caller, note) => {
    const account = parseAccountName(request.params.account ?? '')
    if (!mayIssue(caller, account)) return refuse('not_granted')
    if (account === undefined) return refuse('unknown_account')
    const body = await readBody(request, noBody)
    if (body.kind === 'refused') return refuse(body.code)
    const result = await deps.issue(account)
    if (result.kind === 'refused') return refuse(result.code)
    note.token = fingerprintOf(result.issued.token)
    note.expires = result.issued.expiresAt.toISOString()
    return answer(200, tokenBody(account, result.issued, result.leftMs))
  })

const tokenBody = (account: string, issued: IssuedToken, leftMs: number): z.input<typeof tokenAnswer> => ({
  access_token: issued.token.reveal(),
  token_type: 'Bearer',
  expires_in: Math.floor(leftMs / 1_000),
  expires_at: issued.expiresAt.toISOString(),
  refresh_after: issued.refreshAfter.toISOString(),
  account,
  region: issued.region,
  endpoint: issued.endpoint,
})
