// What the domain of tokens needs from the outside. src/azure implements each; expected endings are values, not errors.

import type { Place } from '../common/cloud.ts'
import type { Secret } from '../common/secret.ts'

/** An account as its record names it. */
export interface RecordedAccount {
  /** ARM id. */
  readonly providerAddress: string
  readonly place: Place
  readonly kind: string
}

/** An account's record with its key, checked: the tags are those of a record, and the key is the one they name. */
export interface PublishedKey extends RecordedAccount {
  readonly key: Secret
  /** SHA-256 of the key, lower-case hex. */
  readonly fingerprint: string
}

/**
 * `keyless`: a record that says there is no key to use. `absent`: no such secret. `held`: its newest version is
 * disabled, which is somebody's emergency stop. `not-a-record`: there is a secret, but not one of ours to use; its
 * value goes nowhere.
 */
export type RecordAnswer =
  | { readonly kind: 'record'; readonly record: PublishedKey }
  | { readonly kind: 'keyless'; readonly account: RecordedAccount }
  | { readonly kind: 'absent' }
  | { readonly kind: 'held' }
  | { readonly kind: 'not-a-record' }

export interface RecordReader {
  /** @throws AppError when the vault refuses or does not answer. */
  newest(name: string): Promise<RecordAnswer>
  /**
   * The newest enabled version that is a record of this account with another key.
   * @param account ARM id.
   * @param refused fingerprint of the key that is refused.
   * @throws AppError when the vault refuses or does not answer.
   */
  another(name: string, account: string, refused: string): Promise<PublishedKey | undefined>
}

/**
 * `refused`: the key is not accepted. `forbidden`: 403, for a reason that another key may not have. `unsupported`:
 * there is no token service for this kind of account.
 */
export type ExchangeAnswer =
  | { readonly kind: 'token'; readonly token: Secret; readonly expiresAt: Date }
  | { readonly kind: 'refused' }
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'unsupported' }
  | { readonly kind: 'unknown'; readonly reason: string }

export interface TokenService {
  /** Exchanges a key for a token at the account's own token service. Never throws. */
  exchange(place: Place, key: Secret): Promise<ExchangeAnswer>
  /** The same with our own identity in place of a key, at the account's custom subdomain alone. Never throws. */
  exchangeIdentity(place: Place): Promise<ExchangeAnswer>
}

/** Asks the rotator to look at an account, named by its ARM id where the record has one, else by its secret. */
export interface CheckRequests {
  send(check: { readonly account: string } | { readonly secret: string }): Promise<void>
}

/**
 * What operators want to know of a vendor beside its requests. `check-lost`: a check could not be asked for, so the
 * repair waits for the schedule. `failed-over`: the published key is refused, an older one was taken.
 * `look-failed`: nothing could be learned of an account, or none of its keys is accepted; in the first case what is in
 * the cache serves while it is valid.
 */
export type VendingEvent =
  | { readonly kind: 'check-lost'; readonly account: string }
  | { readonly kind: 'failed-over'; readonly account: string; readonly refused: string; readonly used: string }
  | { readonly kind: 'look-failed'; readonly account: string; readonly code: string; readonly reason: string }
