// What the domain of callers needs from the outside, and the reasons for which a token is refused.

/** What an adapter says of a bearer, before anybody looks at who it is. Closed, and safe to tell the caller. */
export type TokenRefusal =
  | 'token_missing'
  | 'token_invalid'
  | 'token_expired'
  | 'token_wrong_audience'
  | 'token_wrong_tenant'

/** The payload of a token, whose signature, issuer, audience and lifetime are verified. */
export type Claims = Readonly<Record<string, unknown>>

export interface VerifiedClaims {
  readonly kind: 'claims'
  readonly claims: Claims
  /** `kid` of the key that signed it. */
  readonly keyId: string
  /** The token's own end, without any tolerance. */
  readonly expiresAt: Date
}

export type ClaimsAnswer = VerifiedClaims | { readonly kind: 'refused'; readonly code: TokenRefusal }

export interface TokenVerifier {
  /**
   * Verifies signature (RS256 only), issuer, audience and lifetime.
   * @throws AppError `upstream_unreachable` when the tenant's signing keys cannot be had: nobody is let in then.
   */
  verify(token: string): Promise<ClaimsAnswer>
  /**
   * Whether a verdict that rests on this key still stands: the tenant publishes it, as far as is known without
   * asking. `false` is no refusal; {@link verify} then looks anew.
   */
  trusts(keyId: string): boolean
}
