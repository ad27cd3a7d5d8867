// The least time that a scenario could take: by its calls, its pauses, and Azure's limits.

import type { Concurrency } from './host.ts'
import { LATENCY_MS, type Result, type Scenario, STORAGE_MS } from './scenario.ts'
import type { CallKind } from './wire.ts'

/** Calls of ARM, Key Vault and the token service; those to the host's storage are counted apart. */
export const UPSTREAM: readonly CallKind[] = ['arm-read', 'arm-write', 'vault-read', 'vault-create', 'sts']

/** Most that is in work at once. */
export const mostAtOnce = (how: Concurrency): number => (how.kind === 'pool' ? how.size : how.batch + how.threshold)

export const upstreamCalls = ({ sent }: Result): number => UPSTREAM.reduce((sum, kind) => sum + sent[kind], 0)

/**
 * Seconds of calls × latency ÷ concurrency. The pauses between the three exchanges of a proof are asked for by the
 * settings and count as work, unless `spacingMs` is 0.
 *
 * @param atOnce how many accounts are in work at once.
 */
export function idealSeconds({ accounts, work, spacingMs }: Scenario, needed: Calls, atOnce: number): number {
  const perAccountMs = needed.upstream * LATENCY_MS + needed.lease * STORAGE_MS
  const pausesMs = work === 'rotation' ? 2 * spacingMs : 0
  return (accounts * (perAccountMs + pausesMs)) / atOnce / 1_000
}

/** Of one account, none of them refused. */
export interface Calls {
  readonly upstream: number
  /** `listKeys` is one: ARM counts every POST as a write (contract A3). */
  readonly armWrites: number
  readonly vaultCreates: number
  readonly lease: number
}

/** Seconds below which Azure's limits do not let so many accounts through, however many are in work. */
export function limitSeconds({ accounts, subscriptions }: Scenario, { armWrites, vaultCreates }: Calls): number {
  const arm = ((accounts / subscriptions) * armWrites - 200) / 10
  // A window of 10 s: the last 300 may be sent at the end of the windows before them.
  const vault = (Math.ceil((accounts * vaultCreates) / 300) - 1) * 10
  return Math.max(0, arm, vault)
}
