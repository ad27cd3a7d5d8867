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
   * @param deadlineMs from the call to its end, whatever happens in between: nothing is sent when it has passed.
   * @returns both keys as they are afterwards.
   * @throws AppError `upstream_unreachable` when no definite answer came: the key may or may not be another.
   */
  regenerate(id: AccountId, slot: Slot, deadlineMs: number): Promise<KeyPair>
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
  /**
   * Adds one version: value, tags and expiry in one request, sent once, never retried.
   *
   * @param deadlineMs from the call to its end, whatever happens in between: nothing is sent when it has passed.
   * @throws AppError `upstream_unreachable` when no definite answer came: there may or may not be another version.
   */
  publish(name: string, version: { value: Secret; tags: Tags; expiresAt: Date }, deadlineMs: number): Promise<void>
  /** Asks for a soft-deleted secret back. It is there some seconds later. */
  recover(name: string): Promise<void>
}

/** One secret of the vault, as its newest version tells of it. */
export interface SecretSummary {
  readonly name: string
  readonly enabled: boolean
  readonly tags: Tags
}

/** What is in the vault, whoever wrote it: for finding records whose account is gone. */
export interface RecordIndex {
  /** Every secret that is not deleted, page after page, without values. @throws AppError when the vault gives no answer. */
  list(): AsyncIterable<SecretSummary>
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

/**
 * Keeps two runs from working on one secret at a time. Neither ARM nor Key Vault takes a precondition, so a lease is
 * no fence by itself: whoever writes must know that its lease outlives the request.
 */
export interface Lease {
  /** `busy`: somebody else holds it. Renews itself until it is ended one way or the other. */
  acquire(name: string): Promise<LeaseAnswer>
}

export type LeaseAnswer =
  | { readonly kind: 'busy' }
  | {
      readonly kind: 'held'
      readonly lease: HeldLease
      /** The holder before gave it back. If not, a request of theirs may still be on its way. */
      readonly clean: boolean
    }

export interface HeldLease {
  /**
   * Milliseconds on the monotonic clock until which nobody else can hold it. Grows as it is renewed; shrinks when the
   * machine has slept, which that clock may leave out; long ago once it is lost.
   */
  until(): number
  /** Nothing of ours is on its way: the next run may start at once. `note` (JSON, no secrets) is for the status page. */
  release(note: object): Promise<void>
  /** Something of ours may still land: it is left to expire, which the next run will see. */
  abandon(): void
}

/** What was written with a lease that was given back. No decision reads it. */
export interface RunNotes {
  /** `undefined` when there is none, or none that can be had. Never throws. */
  read(name: string): Promise<object | undefined>
}

/**
 * Keeps our writes below what Azure allows. Whoever writes waits here first, before the lease is compared with the
 * write's deadline: never between that look and the write.
 */
export interface Pacing {
  /** Until one more key of this subscription may be regenerated. @throws AppError `upstream_throttled` if that is far off. */
  toRegenerate(subscription: string): Promise<void>
  /** Until one more version may be published. @throws AppError `upstream_throttled` if that is far off. */
  toPublish(): Promise<void>
}

/** A queue of messages to ourselves. */
export interface Outbox<Message> {
  /** @param delayMs the message is delivered no earlier than that. */
  send(message: Message, delayMs?: number): Promise<void>
}

/** A check of one account, named by its ARM id, and how often it was put back so far. */
export interface CheckMessage {
  readonly account: string
  readonly attempt?: number
}
