// One run of one account: what it is given, what it acts on, how it ends.

import type { AccountId, Slot } from '../common/account.ts'
import type { Clock } from '../common/clock.ts'
import type { Tags } from '../common/record.ts'
import type { Plan, Request, SkipReason, Terms } from './plan.ts'
import type { Policy, PolicySettings } from './policy.ts'
import type { Account, AiAccounts, CheckQueue, KeysAnswer, Lease, RecordStore } from './ports.ts'
import type { Candidate, Proof } from './prove.ts'

/** How one run ended. All of these are normal endings; only failures throw. */
export type Outcome =
  | { readonly kind: 'skipped'; readonly reason: SkipReason; readonly detail?: string }
  | { readonly kind: 'waiting'; readonly why: 'not-due' | 'grace' | 'deleted'; readonly until?: Date }
  | { readonly kind: 'done' }
  | { readonly kind: 'published'; readonly slot: Slot | 'none'; readonly fingerprint: string; readonly proof: string }
  /** A key was not published because nobody proved that it works; the old one stays live. */
  | { readonly kind: 'withheld'; readonly slot: Slot; readonly reason: string }
  /** Another run holds the lease. */
  | { readonly kind: 'busy' }
  /** The world moved under each of three plans; the next check goes on. */
  | { readonly kind: 'unsettled' }
  /** Mode `plan`: what would have been done. */
  | { readonly kind: 'planned'; readonly plan: Plan }

export interface CheckDeps {
  readonly accounts: AiAccounts
  readonly store: RecordStore
  readonly lease: Lease
  readonly checks: CheckQueue
  readonly clock: Clock
  readonly prove: (candidate: Candidate) => Promise<Proof>
  readonly policy: PolicySettings
  readonly mode: 'apply' | 'plan'
  /** Period of the check itself, in milliseconds: the least time by which a rotation may be late. */
  readonly checkEveryMs: number
  readonly termsOf: (id: AccountId, tags: Tags) => Terms
  readonly secretNameOf: (id: AccountId, tags: Tags) => string
}

/** What a run is about. `name` is the secret's. */
export interface Target {
  readonly id: AccountId
  readonly name: string
  readonly request: Request
}

/** One plan that acts, and everything that it was made from. */
export interface Run extends Target {
  readonly kind: 'run'
  readonly plan: Exclude<Plan, { kind: 'skip' }>
  readonly account: Account
  readonly keys: KeysAnswer
  readonly policy: Extract<Policy, { kind: 'policy' }>
  readonly publisher: string
  /** The published key, and the start of its grace. */
  readonly live: { readonly fingerprint: string; readonly switchedAt: Date } | undefined
}

/** How one step ended. `changed`: what was planned on no longer holds. `step`: one part of a revoke is done. */
export type Acted = Outcome | 'changed' | 'step'
