// What a vend ends with: a token, or the reason why there is none.

import type { Secret } from '../common/secret.ts'

/** A token and what its user needs to know: where it is used, and until when. */
export interface IssuedToken {
  readonly token: Secret
  readonly expiresAt: Date
  /** When a client does well to ask for the next one. */
  readonly refreshAfter: Date
  readonly region: string
  /** Base address of the service, with a slash at its end. */
  readonly endpoint: string
}

export type IssueRefusal =
  | 'unknown_account'
  | 'account_held'
  | 'tokens_unsupported'
  | 'keyless_not_enabled'
  | 'key_refused'
  | 'token_service_unavailable'

export type IssueResult =
  /** `leftMs`: how long the token is still good, in milliseconds. */
  | { readonly kind: 'issued'; readonly issued: IssuedToken; readonly leftMs: number }
  | { readonly kind: 'refused'; readonly code: IssueRefusal }
