// Checks that need not be run: somebody looked at the account after they were asked for.

import type { AccountId } from '../common/account.ts'
import type { Clock } from '../common/clock.ts'
import type { Request } from './plan.ts'
import { putBack } from './put-back.ts'
import type { Report } from './run.ts'

type Check = (id: AccountId, request: Request) => Promise<Report>

export interface RecentRuns {
  /** The same, remembered. */
  readonly check: Check
  /**
   * Whether a check that began after `askedAt` has looked at this account and left nothing open: it has seen all that
   * this one was asked to see.
   *
   * @param askedAt by the queue's clock, in whole seconds.
   */
  covers(id: AccountId, askedAt: Date): boolean
}

/**
 * Messages pile up when a vendor, a person and the timer ask at once, or when nobody took them for a while. Each
 * process remembers when its last finished check of each account began. That is exact, however old a message is, and
 * costs no database; a check that another process has answered is run again, which does no harm.
 *
 * @param skewMs allowance between the queue's clock and ours, in milliseconds.
 */
export function recentRuns(deps: { check: Check; clock: Clock; skewMs: number }): RecentRuns {
  const { check, clock, skewMs } = deps
  const beganAt = new Map<string, Date>()
  return {
    async check(id, request) {
      const began = clock.now()
      const report = await check(id, request)
      // A request that is done ends before anything else is looked at.
      const finished = putBack(report.outcome, { kind: 'check' }, 0, clock.now()) === undefined
      if (finished && request.kind === 'check') beganAt.set(id.id.toLowerCase(), began)
      return report
    },
    covers(id, askedAt) {
      const began = beganAt.get(id.id.toLowerCase())
      return began !== undefined && began.getTime() >= askedAt.getTime() + 1_000 + skewMs
    },
  }
}
