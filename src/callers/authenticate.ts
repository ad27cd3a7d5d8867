// From the Authorization header to a caller, or to the reason why not.

import { type CallerAnswer, readCaller } from './caller.ts'
import type { TokenVerifier } from './ports.ts'

const BEARER = /^Bearer +([\w-]+\.[\w-]+\.[\w-]*)$/i
/** Entra's tokens are far below; what is longer is not looked at. */
const MAX_LENGTH = 16_384

export const authenticate =
  (deps: { verifier: TokenVerifier; tenantId: string }) =>
  async (authorization: string | null): Promise<CallerAnswer> => {
    if (authorization === null || authorization === '') return { kind: 'refused', code: 'token_missing' }
    const [, token] = authorization.length > MAX_LENGTH ? [] : (BEARER.exec(authorization) ?? [])
    if (token === undefined) return { kind: 'refused', code: 'token_invalid' }
    const answer = await deps.verifier.verify(token)
    return answer.kind === 'claims' ? readCaller(answer.claims, deps.tenantId) : answer
  }
