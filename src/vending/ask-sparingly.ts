// A vendor that sees a broken key asks the rotator to look at the account: sparingly, and never at a caller's cost.

import { LRUCache } from 'lru-cache'
import type { Clock } from '../common/clock.ts'
import type { CheckRequests, VendingEvent } from './ports.ts'

const EVERY_MS = 60_000
const MAX_ACCOUNTS = 10_000

export type AskForCheck = (account: string, check: Parameters<CheckRequests['send']>[0]) => Promise<void>

/** One check a minute and account is enough; one that cannot be asked for is reported, and may be asked for again. */
export function askSparingly(deps: {
  readonly checks: CheckRequests
  readonly clock: Clock
  readonly report: (event: VendingEvent) => void
}): AskForCheck {
  const askedAt = new LRUCache<string, number>({ max: MAX_ACCOUNTS })
  return async (account, check) => {
    const now = deps.clock.elapsed()
    if (now - (askedAt.get(account) ?? Number.NEGATIVE_INFINITY) < EVERY_MS) return
    askedAt.set(account, now)
    await deps.checks.send(check).catch(() => {
      askedAt.delete(account)
      deps.report({ kind: 'check-lost', account })
    })
  }
}
