// One token per account and process: many callers, one exchange.

import type { Clock } from '../common/clock.ts'
import type { IssuedToken, IssueResult } from './issued-token.ts'

const MIN_LEFT_MS = 5 * 60_000

interface Entry {
  readonly issued: IssuedToken
  /** Served from here until then. */
  readonly freshUntil: number
}

/**
 * Remembers issued tokens while they have at least 5 minutes left (half of their life, for tokens that live under
 * ten), and joins calls that come while an exchange is under way. Refusals and failures are not remembered.
 */
export function cachedTokens(
  clock: Clock,
  exchange: (account: string) => Promise<IssueResult>,
): (account: string) => Promise<IssueResult> {
  const entries = new Map<string, Entry>()
  const flights = new Map<string, Promise<IssueResult>>()

  const fly = async (account: string): Promise<IssueResult> => {
    const result = await exchange(account)
    if (result.kind === 'issued') {
      const [issuedAt, expiresAt] = [clock.now().getTime(), result.issued.expiresAt.getTime()]
      const freshUntil = expiresAt - Math.min(MIN_LEFT_MS, (expiresAt - issuedAt) / 2)
      entries.set(account, { issued: result.issued, freshUntil })
    } else {
      entries.delete(account)
    }
    return result
  }

  return (account) => {
    const entry = entries.get(account)
    if (entry && clock.now().getTime() < entry.freshUntil) {
      return Promise.resolve({ kind: 'issued', issued: entry.issued })
    }
    const flying = flights.get(account)
    if (flying) return flying
    const flight = fly(account).finally(() => flights.delete(account))
    flights.set(account, flight)
    return flight
  }
}
