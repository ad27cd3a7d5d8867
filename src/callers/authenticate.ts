// From the Authorization header to a caller, or to the reason why not.

import { type CallerAnswer, type Claims, readCaller, type TokenRefusal } from './caller.ts'

export type ClaimsAnswer =
  | { readonly kind: 'claims'; readonly claims: Claims }
  | { readonly kind: 'refused'; readonly code: TokenRefusal }

export interface TokenVerifier {
  /**
   * Verifies signature (RS256 only), issuer, audience and lifetime.
   * @throws AppError `upstream_unreachable` when the tenant's signing keys cannot be had: nobody is let in then.
   */
  verify(token: string): Promise<ClaimsAnswer>
}

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
