// Spreads the checks of one round over time, so that a large fleet does not arrive at Azure in one second.

import { fingerprintOf, Secret } from '../common/secret.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
/** The rest is left free, so that one round has ended when the next begins. */
const SHARE = 0.9

/**
 * Over how long, in milliseconds, the checks of one round are spread: a second for each account, so that a small
 * fleet is looked at promptly and a large one fills the time between two rounds; never more than an hour, so that
 * a schedule of once a night stays in the night. Rounds less than a minute apart are not spread at all.
 *
 * @param everyMs shortest time between two rounds.
 */
export function spreadWindow(accounts: number, everyMs: number): number {
  return everyMs < MINUTE ? 0 : Math.min(accounts * SECOND, everyMs * SHARE, HOUR)
}

/**
 * The place of one account in that window, in milliseconds. It depends on the id alone (in any case), so that two
 * checks of an account are as far apart as two rounds are.
 */
export function spreadDelay(id: string, windowMs: number): number {
  const hash = fingerprintOf(Secret.of(id.toLowerCase())).slice(0, 8)
  return Math.floor((Number.parseInt(hash, 16) / 2 ** 32) * windowMs)
}
