// From the Authorization header to a caller, or to the reason why not.

import type { Clock } from '../common/clock.ts'
import type { Soon } from '../common/soon.ts'
import { type CallerAnswer, readCaller } from './caller.ts'
import type { TokenVerifier } from './ports.ts'
import { type VerdictCache, verdictCache } from './verdict-cache.ts'

/** Another scheme is no authentication here (RFC 6750, 3.1): the answer is what to send, not what is wrong with it. */
const IS_BEARER = /^Bearer( |$)/i
const BEARER = /^Bearer +([\w-]+\.[\w-]+\.[\w-]*)$/i
const USUAL = 'Bearer '
/** Entra's tokens are far below; what is longer is not looked at. */
const MAX_LENGTH = 16_384

export interface AuthenticateDeps {
  readonly verifier: TokenVerifier
  readonly tenantId: string
  readonly clock: Clock
}

/** Answers at once where the bearer is known or is none, and with a promise only where it has to be verified. */
export type Authenticate = (authorization: string | null) => Soon<CallerAnswer>

export function authenticate(deps: AuthenticateDeps): Authenticate {
  const verdicts = verdictCache(deps)
  return (authorization) => {
    if (authorization === null) return { kind: 'refused', code: 'token_missing' }
    // Nearly all are spelled like this, by callers who are known: what was verified was read before.
    const known = authorization.startsWith(USUAL) ? verdicts.get(authorization.slice(USUAL.length)) : undefined
    return known ?? readAndVerify(deps, verdicts, authorization)
  }
}

function readAndVerify(deps: AuthenticateDeps, verdicts: VerdictCache, authorization: string): Soon<CallerAnswer> {
  if (!IS_BEARER.test(authorization)) return { kind: 'refused', code: 'token_missing' }
  const [, token] = authorization.length > MAX_LENGTH ? [] : (BEARER.exec(authorization) ?? [])
  if (token === undefined) return { kind: 'refused', code: 'token_invalid' }
  return verdicts.get(token) ?? verify(deps, verdicts, token)
}

async function verify(
  { verifier, tenantId }: AuthenticateDeps,
  verdicts: VerdictCache,
  token: string,
): Promise<CallerAnswer> {
  const verified = await verifier.verify(token)
  if (verified.kind === 'refused') return verified
  const answer = readCaller(verified.claims, tenantId)
  if (answer.kind === 'caller') verdicts.put(token, answer, verified)
  return answer
}
