// Entra: verifies the access tokens of callers with jose, against the signing keys of one tenant.

import { createRemoteJWKSet, errors, jwtVerify } from 'jose'
import type { ClaimsAnswer, TokenRefusal, TokenVerifier } from '../callers/ports.ts'
import type { Cloud } from '../common/cloud.ts'
import { AppError } from '../common/errors.ts'

const CLOCK_TOLERANCE_SECONDS = 60

export interface EntraSettings {
  readonly cloud: Cloud
  readonly tenantId: string
  /** What `aud` may be: the API's client id (v2 tokens), its App ID URI (v1 tokens). */
  readonly audiences: readonly string[]
}

/** Signing keys roll without notice: kept for a day, and fetched again, at most every 30 s, for a key that is not known (contract E1). */
const KEYS = { cacheMaxAge: 86_400_000, cooldownDuration: 30_000, timeoutDuration: 5_000 }

export function entraVerifier({ cloud, tenantId, audiences }: EntraSettings): TokenVerifier {
  const keys = createRemoteJWKSet(new URL(`https://${cloud.login}/${tenantId}/discovery/v2.0/keys`), KEYS)
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
        const { payload } = await jwtVerify(token, keys, options)
        return { kind: 'claims', claims: payload }
      } catch (error) {
        const code = refusalOf(error)
        if (code === undefined)
          throw new AppError('upstream_unreachable', 'fetch the signing keys of the tenant: no answer')
        return { kind: 'refused', code }
      }
    },
  }
}

/** `undefined` when the token was not judged at all. */
function refusalOf(error: unknown): TokenRefusal | undefined {
  if (error instanceof errors.JWTExpired) return 'token_expired'
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') return 'token_wrong_audience'
    return error.claim === 'iss' ? 'token_wrong_tenant' : 'token_invalid'
  }
  const judged = [
    errors.JWTInvalid,
    errors.JWSInvalid,
    errors.JWSSignatureVerificationFailed,
    errors.JOSEAlgNotAllowed,
    errors.JOSENotSupported,
    errors.JWKSNoMatchingKey,
    errors.JWKSMultipleMatchingKeys,
  ]
  return judged.some((type) => error instanceof type) ? 'token_invalid' : undefined
}
