// One run of one account: what it is given, what it acts on, how it ends.

import type { AccountId, Slot } from '../common/account.ts'
import type { Clock } from '../common/clock.ts'
import type { Tags } from '../common/record.ts'
import type { KeyAge } from './key-age.ts'
import type { Plan, Request, SkipReason, Terms } from './plan.ts'
import type { PolicySettings } from './policy.ts'
import type { Account, AiAccounts, HeldLease, KeysAnswer, Lease, Pacing, RecordStore } from './ports.ts'
import type { Candidate, Proof } from './prove.ts'

/** How one run ended. All of these are normal endings; only failures throw. */
export type Outcome =
  | { readonly kind: 'skipped'; readonly reason: SkipReason; readonly detail?: string }
  | { readonly kind: 'waiting'; readonly why: 'not-due' | 'grace'; readonly until: Date }
  /** The secret is soft-deleted; it was asked back, and is there some seconds later. */
  | { readonly kind: 'recovering' }
  | { readonly kind: 'done' }
  | { readonly kind: 'published'; readonly slot: Slot | 'none'; readonly fingerprint: string; readonly proof: string }
  /** A key was not published because nobody proved that it works; the old one stays live. */
  | { readonly kind: 'withheld'; readonly slot: Slot; readonly reason: string; readonly regenerated: boolean }
  /** Another run holds the lease. */
  | { readonly kind: 'busy' }
  /** The lease was about to end before the next write could have: nothing was sent. */
  | { readonly kind: 'overtaken' }
  /** The world moved under each of three plans, or there was no time for another one; the next check goes on. */
  | { readonly kind: 'unsettled' }
  /** Mode `plan`: what would have been done. */
  | { readonly kind: 'planned'; readonly plan: Plan }

/** The audit record of one run: what it meant to do, what it did, how it ended. */
export interface Report {
  readonly outcome: Outcome
  /** Kinds of the plans that were made, in order. */
  readonly planned: readonly string[]
  /** Writes that were answered, in order: `regenerate key2`, `publish key2`, `recover`. */
  readonly did: readonly string[]
  /** Of the key that was live and still is; absent where there is none of ours, or another one was published. */
  readonly live?: KeyAge
}

/** The timing rule, in milliseconds. */
export interface Timing {
  /** Longest time that a regenerate or a publish may take, from its call to its end. */
  readonly writeDeadlineMs: number
  /** How long whoever finds a lease that was not given back waits before it reads anything. */
  readonly quarantineMs: number
  /** How long after its start a run begins another plan or proof: the host ends it, and says nothing, some time later. */
  readonly beginWithinMs: number
}

export interface CheckDeps {
  readonly accounts: AiAccounts
  readonly store: RecordStore
  readonly lease: Lease
  readonly clock: Clock
  readonly prove: (candidate: Candidate) => Promise<Proof>
  readonly policy: PolicySettings
  readonly mode: 'apply' | 'plan'
  readonly timing: Timing
  /** Absent: writes are not paced. */
  readonly pacing?: Pacing
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
  readonly held: Held
  /** On the monotonic clock, in milliseconds. */
  readonly startedAt: number
}

/** Too late to begin another plan or proof: it might not end before the host ends the run. */
export const isLate = ({ clock, timing }: CheckDeps, { startedAt }: Target): boolean =>
  clock.elapsed() - startedAt >= timing.beginWithinMs

/** The lease that a run writes under, and what it has done so far. */
export interface Held {
  readonly lease: HeldLease
  readonly planned: string[]
  readonly did: string[]
  /** A write was sent and not definitely answered: it may still land. */
  pending: boolean
  /** Of the key that was live at the last look. */
  live?: KeyAge | undefined
}

/** One plan that acts, and everything that it was made from. */
export interface Run extends Target {
  readonly kind: 'run'
  readonly plan: Exclude<Plan, { kind: 'skip' }>
  readonly account: Account
  readonly keys: KeysAnswer
  /** The versions of the newest second, as they were when this was planned. */
  readonly latest: string
  readonly policy: Pick<PolicySettings, 'rotateEveryMs' | 'graceMs'>
  readonly publisher: string
  readonly skewMs: number
  /** The published key, and the start of its grace. */
  readonly live: { readonly fingerprint: string; readonly switchedAt: Date } | undefined
}

/** How one step ended. `changed`: what was planned on no longer holds. `step`: one part of a revoke is done. */
export type Acted = Outcome | 'changed' | 'step'
