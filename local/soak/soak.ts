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
  /** Milliseconds for which no key of an account worked that its secret ever held. */
  readonly outages: number[]
}

/** Mulberry32: small, and good enough to choose with. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
