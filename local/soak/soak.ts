// What the parts of one soak share.

import type { Azure } from '../azure/start-azure.ts'
import type { Allowances } from './allowances.ts'
import type { Observed } from './observed.ts'

export interface Soak {
  readonly azure: Azure
  readonly vaultUrl: string
  /** Of all accounts. */
  readonly names: readonly string[]
  readonly observed: Observed
  readonly allowances: Allowances
  /** Accounts that somebody breaks by hand just now. */
  readonly busy: Set<string>
  /** From 0 up to 1; the same again for the same seed. */
  readonly random: () => number
  /** Ends the trouble. */
  readonly signal: AbortSignal
  /** What was done by hand, and how often. */
  readonly deeds: Map<string, number>
  /** How often each account was disabled by hand. */
  readonly disabled: Map<string, number>
  /** Milliseconds for which no key of an account worked that its secret ever held. */
  readonly outages: number[]
}
