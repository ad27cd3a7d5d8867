// POST /api/accounts/{account}/token: a token for a caller who was granted this account.

import type { HttpHandler } from '@azure/functions'
import type * as z from 'zod'
import { mayIssue } from '../callers/grants.ts'
import { parseAccountName } from '../common/account.ts'
import { fingerprintOf } from '../common/secret.ts'
import { andThen, type Soon } from '../common/soon.ts'
import type { IssuedToken, IssueResult } from '../vending/issued-token.ts'
import { readBody } from './body.ts'
import { answerText, callerEndpoint, type EndpointDeps, type Reply, refuse } from './endpoint.ts'
import { noBody } from './schemas/bodies.ts'
import type { tokenAnswer } from './schemas/token.ts'

export interface IssueTokenHandlerDeps extends EndpointDeps {
  readonly issue: (account: string) => Soon<IssueResult>
}

export function issueTokenHandler(deps: IssueTokenHandlerDeps): HttpHandler {
  const written = writeOnce()

  const issue = (account: string, note: Record<string, string>): Soon<Reply> =>
    andThen(deps.issue(account), (result) => {
      if (result.kind === 'refused') return refuse(result.code)
      const { bodyWith, fingerprint, expiresAt } = written(account, result.issued)
      note.token = fingerprint
      note.expires = expiresAt
      return answerText(200, bodyWith(Math.floor(result.leftMs / 1_000)))
    })

  return callerEndpoint(deps, 'POST', (request, caller, note) => {
    const account = parseAccountName(request.params.account ?? '')
    if (!mayIssue(caller, account)) return refuse('not_granted')
    if (account === undefined) return refuse('unknown_account')
    return andThen(readBody(request, noBody), (body) =>
      body.kind === 'refused' ? refuse(body.code) : issue(account, note),
    )
  })
}

/** What is said of a token each time it is given. */
interface Written {
  /** The whole body, as JSON. @param expiresIn whole seconds. */
  readonly bodyWith: (expiresIn: number) => string
  /** SHA-256 of the token, lower-case hex. */
  readonly fingerprint: string
  readonly expiresAt: string
}

/** A token is given thousands of times; only what it has left changes. What was written goes when the token does. */
function writeOnce(): (account: string, issued: IssuedToken) => Written {
  const known = new WeakMap<IssuedToken, Written>()
  return (account, issued) => {
    const before = known.get(issued)
    if (before) return before
    const written = write(account, issued)
    known.set(issued, written)
    return written
  }
}

const EXPIRES_IN = '"expires_in":0'

function write(account: string, issued: IssuedToken): Written {
  const expiresAt = issued.expiresAt.toISOString()
  const answer: z.input<typeof tokenAnswer> = {
    access_token: issued.token.reveal(),
    token_type: 'Bearer',
    expires_in: 0,
    expires_at: expiresAt,
    refresh_after: issued.refreshAfter.toISOString(),
    account,
    region: issued.region,
    endpoint: issued.endpoint,
  }
  // Quotes inside of a text are escaped, so this is the member and nothing else.
  const [head, tail] = JSON.stringify(answer).split(EXPIRES_IN)
  const bodyWith = (expiresIn: number) => `${head}"expires_in":${expiresIn}${tail}`
  return { bodyWith, fingerprint: fingerprintOf(issued.token), expiresAt }
}
