// How old the live key is, and whether that is too old: for the status, and for whoever watches the log.

import type { History } from './history.ts'
import type { Policy } from './policy.ts'

export interface KeyAge {
  /** When callers had the key. */
  readonly since: Date
  /** Until when the key that was replaced stays valid at the least. */
  readonly graceUntil: Date
  /** When the next rotation is due. */
  readonly due: Date
  /** Later than due by more than the time between two checks. */
  readonly overdue: boolean
}

/** @returns `undefined` where no key is published, or the policy tags say nothing that holds. */
export function keyAgeOf(
  { newest, switchedAt, adopted }: History,
  policy: Policy,
  { now, checkEveryMs }: { readonly now: Date; readonly checkEveryMs: number },
): KeyAge | undefined {
  if (switchedAt === undefined || newest?.credentialId === 'none' || policy.kind === 'bad') return undefined
  const graceUntil = new Date(switchedAt.getTime() + policy.graceMs)
  const rotateAt = new Date(switchedAt.getTime() + Math.max(policy.rotateEveryMs, policy.graceMs))
  const due = adopted ? graceUntil : rotateAt
  return { since: switchedAt, graceUntil, due, overdue: now.getTime() > due.getTime() + checkEveryMs }
}
