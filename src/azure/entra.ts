// Entra: verifies the access tokens of callers with jose, against the signing keys of one tenant.

import { errors, jwtVerify } from 'jose'
import type { ClaimsAnswer, TokenRefusal, TokenVerifier } from '../callers/ports.ts'
import type { Clock } from '../common/clock.ts'
import type { Cloud } from '../common/cloud.ts'
import { AppError } from '../common/errors.ts'
import { KeysUnavailable, signingKeys } from './signing-keys.ts'

const CLOCK_TOLERANCE_SECONDS = 60

export interface EntraSettings {
  readonly cloud: Cloud
  readonly tenantId: string
  /** What `aud` may be: the API's client id (v2 tokens), its App ID URI (v1 tokens). */
  readonly audiences: readonly string[]
  readonly clock: Clock
}

export function entraVerifier({ cloud, tenantId, audiences, clock }: EntraSettings): TokenVerifier {
  const keys = signingKeys(new URL(`https://${cloud.login}/${tenantId}/discovery/v2.0/keys`), clock)
  const options = {
    algorithms: ['RS256'],
    audience: [...audiences],
    issuer: [`https://${cloud.login}/${tenantId}/v2.0`, `https://${cloud.loginV1Issuer}/${tenantId}/`],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    requiredClaims: ['exp', 'iat', 'nbf', 'tid'],
  }
  return {
    async verify(token): Promise<ClaimsAnswer> {
      try {
        const { payload, protectedHeader } = await jwtVerify(token, keys.find, { ...options, currentDate: clock.now() })
        const { kid = '' } = protectedHeader
        return { kind: 'claims', claims: payload, keyId: kid, expiresAt: new Date((payload.exp ?? 0) * 1_000) }
      } catch (error) {
        if (error instanceof KeysUnavailable)
          throw new AppError('upstream_unreachable', 'fetch the signing keys of the tenant: no answer')
        return { kind: 'refused', code: refusalOf(error) }
      }
    },
    trusts: keys.has,
  }
}

/** Whatever is not known here is no verification either, such as a published key that nothing can be verified with. */
function refusalOf(error: unknown): TokenRefusal {
  if (error instanceof errors.JWTExpired) return 'token_expired'
  if (!(error instanceof errors.JWTClaimValidationFailed)) return 'token_invalid'
  if (error.claim === 'aud') return 'token_wrong_audience'
  return error.claim === 'iss' ? 'token_wrong_tenant' : 'token_invalid'
}
