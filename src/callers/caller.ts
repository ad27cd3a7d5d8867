// Who is asking: the claims of a verified Entra access token, read as a caller.

import type { Claims, TokenRefusal } from './ports.ts'

export interface Caller {
  /** Object id, lower case: the service principal of an application, or the user. */
  readonly objectId: string
  /** Client id, lower case, of the application that asked, for a user as for itself. */
  readonly appId: string
  readonly roles: readonly string[]
}

export interface KnownCaller {
  readonly kind: 'caller'
  readonly caller: Caller
}

export type CallerAnswer = KnownCaller | { readonly kind: 'refused'; readonly code: TokenRefusal }

/** The scope that a user's token must carry beside the role (design: both, never one). */
export const SCOPE = 'access_as_user'

/** Claims that Entra puts into ID tokens only. */
const ID_TOKEN_CLAIMS = ['nonce', 'at_hash', 'c_hash']

/**
 * Reads claims whose signature, issuer, audience and lifetime are already verified (contract E1). ID tokens are
 * refused: they name no client application, or carry the marks of a sign-in. Roles of a user count only with the
 * scope; an application's token is one without a scope whose subject is the application itself.
 */
export function readCaller(claims: Claims, tenantId: string): CallerAnswer {
  const refused = (code: TokenRefusal): CallerAnswer => ({ kind: 'refused', code })
  if (claims.tid !== tenantId) return refused('token_wrong_tenant')
  if (ID_TOKEN_CLAIMS.some((name) => name in claims)) return refused('token_invalid')
  const appId = claims.ver === '1.0' ? claims.appid : claims.azp
  const { oid, sub, scp, roles } = claims
  if (typeof appId !== 'string' || typeof oid !== 'string') return refused('token_invalid')
  const granted = Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : []
  const caller = (assigned: readonly string[]): CallerAnswer => ({
    kind: 'caller',
    caller: { objectId: oid.toLowerCase(), appId: appId.toLowerCase(), roles: assigned },
  })
  if (scp === undefined) return oid === sub ? caller(granted) : refused('token_invalid')
  const scoped = typeof scp === 'string' && scp.split(' ').includes(SCOPE)
  return caller(scoped ? granted : [])
}
