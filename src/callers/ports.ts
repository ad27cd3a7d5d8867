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
