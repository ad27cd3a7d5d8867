// What the domain of keys needs from the outside. src/azure implements each; expected endings are values, not errors.

import type { AccountId, Slot } from '../common/account.ts'
import type { Place } from '../common/cloud.ts'
import type { Tags } from '../common/record.ts'
import type { Secret } from '../common/secret.ts'

/** An account as ARM tells of it. */
export interface Account extends AccountId {
  readonly kind: string
  readonly place: Place
  readonly provisioningState: string
  readonly localAuthDisabled: boolean
  readonly tags: Tags
}

/** `gone`: 404. `refused`: 403, this identity may not. */
export type AccountAnswer =
  | { readonly kind: 'found'; readonly account: Account }
  | { readonly kind: 'gone' }
  | { readonly kind: 'refused' }

export type KeyPair = Readonly<Record<Slot, Secret>>

export type KeysAnswer =
  | { readonly kind: 'keys'; readonly keys: KeyPair }
  | { readonly kind: 'gone' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'local-auth-disabled' }

/** ARM. Every method throws AppError `upstream_refused` or `upstream_unreachable` for what is not in its answer. */
export interface AiAccounts {
  /** All accounts of a subscription that this identity may read, page after page. */
  list(subscription: string): AsyncIterable<Account>
  get(id: AccountId): Promise<AccountAnswer>
  listKeys(id: AccountId): Promise<KeysAnswer>
  /**
   * Replaces one key; the old one is dead at once (contract fact 3). Sent once, never retried.
   *
   * @returns both keys as they are afterwards.
   * @throws AppError `upstream_unreachable` when no definite answer came: the key may or may not be another.
   */
  regenerate(id: AccountId, slot: Slot): Promise<KeyPair>
}

/** One version of a secret, without its value: the rotator never reads one. */
export interface SecretVersion {
  readonly version: string
  /** Whole seconds, by the vault's clock. */
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly enabled: boolean
  readonly tags: Tags
}

export type SecretState =
  | { readonly kind: 'versions'; readonly versions: readonly SecretVersion[] }
  /** Soft-deleted: its name is taken until it is recovered or purged. */
  | { readonly kind: 'deleted'; readonly tags: Tags }

/** The vault that holds the records. */
export interface RecordStore {
  /** No versions when there is no such secret. */
  read(name: string): Promise<SecretState>
  /** Adds one version: value, tags and expiry in one request, sent once, never retried. */
  publish(name: string, version: { value: Secret; tags: Tags; expiresAt: Date }): Promise<void>
  /** Asks for a soft-deleted secret back. It is there some seconds later. */
  recover(name: string): Promise<void>
}

/**
 * What the token service said of a key. `refused`: 401. `unsupported`: 404 or 405, there is no such service here.
 * `unknown`: everything that says nothing about the key (firewall, timeout, throttling, an error of theirs).
 */
export type Verdict =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'unsupported' }
  | { readonly kind: 'unknown'; readonly reason: string }

/** The account's token service: the judge of whether a key works. */
export interface KeyJudge {
  /** One exchange on a fresh connection; the token is thrown away. Never throws. */
  judge(place: Place, key: Secret): Promise<Verdict>
}

/** Keeps two runs from working on one secret at a time. */
export interface Lease {
  /** Runs `work` while holding the lease; `busy` when somebody else holds it. */
  hold<T>(name: string, work: () => Promise<T>): Promise<{ kind: 'held'; result: T } | { kind: 'busy' }>
}

/** Puts a `check` of one account, named by its ARM id, on the queue; it is delivered after `delayMs` at the earliest. */
export interface CheckQueue {
  ask(check: { readonly account: string }, delayMs?: number): Promise<void>
}
