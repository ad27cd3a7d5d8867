// POST /api/accounts/{account}/token: a token for a caller who was granted this account.

import type { HttpHandler, HttpResponseInit } from '@azure/functions'
import { z } from 'zod'
import { mayIssue } from '../callers/grants.ts'
import { parseAccountName } from '../common/account.ts'
import type { Clock } from '../common/clock.ts'
import { fingerprintOf } from '../common/secret.ts'
import type { IssuedToken, IssueResult } from '../vending/issued-token.ts'
import { readBody } from './body.ts'
import { callerEndpoint, type EndpointDeps } from './endpoint.ts'
import { writeRecord } from './log.ts'
import { type ProblemCode, problem } from './problem.ts'

/** A vend takes no input: whoever sends some means something that we do not do. */
const noBody = z.strictObject({}).optional()

export interface IssueTokenHandlerDeps extends EndpointDeps {
  readonly issue: (account: string) => Promise<IssueResult>
  readonly clock: Clock
}

export const issueTokenHandler = (deps: IssueTokenHandlerDeps): HttpHandler =>
  callerEndpoint(deps, 'POST', async (request, context, caller) => {
    const account = parseAccountName(request.params.account ?? '')
    const audit = (result: ProblemCode | 'issued', issued?: IssuedToken) =>
      writeRecord((text) => context.info(text), 'vend', {
        caller: caller.objectId,
        app: caller.appId,
        account: account ?? '(not a name)',
        result,
        ...(issued ? { token: fingerprintOf(issued.token), expires: issued.expiresAt.toISOString() } : {}),
      })
    const refuse = (code: ProblemCode): HttpResponseInit => {
      audit(code)
      return problem(code, context)
    }
    if (!mayIssue(caller, account)) return refuse('not_granted')
    if (account === undefined) return refuse('unknown_account')
    const body = await readBody(request, noBody)
    if (body.kind === 'refused') return refuse(body.code)
    const result = await deps.issue(account)
    if (result.kind === 'refused') return refuse(result.code)
    audit('issued', result.issued)
    return answer(account, result.issued, deps.clock.now())
  })

function answer(account: string, issued: IssuedToken, now: Date): HttpResponseInit {
  const { token, expiresAt, refreshAfter, region, endpoint } = issued
  return {
    status: 200,
    headers: { 'Cache-Control': 'no-store' },
    jsonBody: {
      access_token: token.reveal(),
      token_type: 'Bearer',
      expires_in: Math.max(0, Math.floor((expiresAt.getTime() - now.getTime()) / 1_000)),
      expires_at: expiresAt.toISOString(),
      refresh_after: refreshAfter.toISOString(),
      account,
      region,
      endpoint,
    },
  }
}
