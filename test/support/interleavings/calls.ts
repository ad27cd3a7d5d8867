// What passes between a run of the executor and the world: calls, answers, and what a run may see without waiting.

import type { Slot } from '../../../src/common/account.ts'
import type { Tags } from '../../../src/common/record.ts'
import type { Outcome } from '../../../src/rotation/run.ts'
import type { Generations } from './material.ts'

/** What a run waits for. Reading the account is not among them: it never changes here, so when it is read is all one. */
export type Call =
  | { readonly kind: 'acquire' | 'read' | 'listKeys' }
  | { readonly kind: 'release'; readonly note: string }
  | { readonly kind: 'sleep'; readonly ms: number }
  | { readonly kind: 'judge'; readonly key: string }
  | { readonly kind: 'regenerate'; readonly slot: Slot }
  | { readonly kind: 'publish'; readonly value: string; readonly tags: Tags }

/** What it is given. `lost`: no definite answer. */
export type Answer =
  | { readonly kind: 'held'; readonly clean: boolean }
  | { readonly kind: 'versions'; readonly versions: readonly number[] }
  | { readonly kind: 'keys'; readonly keys: Generations }
  | { readonly kind: 'verdict'; readonly accepted: boolean }
  | { readonly kind: 'ok' | 'lost' }

/** What a run may look at without waiting, as it is when it gets its answer. */
export interface Surroundings {
  readonly now: number
  readonly leaseHolds: boolean
}

/** How a run ended. */
export interface Ending {
  readonly outcome: Outcome | undefined
  readonly abandoned: boolean
  /** Its message comes back. */
  readonly again: boolean
}
