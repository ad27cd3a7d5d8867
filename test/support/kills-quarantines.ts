// Was every lease that a killed process left behind followed by a quarantine?

import { QUARANTINE_MS } from './kills-fleet.ts'
import type { Left } from './kills-leases.ts'
import type { Trails } from './kills-trails.ts'

/** By the clock of timers, which may be early by a moment. */
const SLACK_MS = 50

export interface Judged {
  /** Leases that were left behind and after whose quarantine somebody touched the account. */
  readonly quarantines: number
  /** Leases that were left behind, ended by themselves, and were somebody else's then. */
  readonly expired: number
  /** Accounts that were touched before the quarantine of a lease that was left behind had ended. */
  readonly hasty: readonly string[]
}

/** A lease that was left behind again before anybody touched the account is judged as the later one. */
export function judgeQuarantines(left: readonly Left[], trails: Trails): Judged {
  const hasty: string[] = []
  let [quarantines, expired] = [0, 0]
  for (const [index, { account, leftAt, overAt, how }] of left.entries()) {
    const touchedAt = trails.firstTouch(account, leftAt)
    const again = left.slice(index + 1).find((later) => later.account === account)
    if (how === 'expires' && (again || touchedAt !== undefined)) expired += 1
    if (touchedAt === undefined || (again && touchedAt > again.leftAt)) continue
    quarantines += 1
    const early = overAt + QUARANTINE_MS - SLACK_MS - touchedAt
    if (early > 0) hasty.push(`${account}: ${early} ms before the end of the quarantine of its lease (${how})`)
  }
  return { quarantines, expired, hasty }
}
