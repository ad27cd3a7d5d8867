// A vend: the published key of an account for a token of its token service.

import { hasTokenService } from '../common/account.ts'
import type { Clock } from '../common/clock.ts'
import { type Cloud, serviceEndpoint } from '../common/cloud.ts'
import { unreachable } from '../common/errors.ts'
import type { IssueResult } from './issued-token.ts'
import type { CheckRequests, ExchangeAnswer, PublishedKey, RecordReader, TokenService } from './ports.ts'
import { cachedTokens } from './token-cache.ts'

export interface IssueDeps {
  readonly records: RecordReader
  readonly tokens: TokenService
  readonly checks: CheckRequests
  readonly clock: Clock
  readonly cloud: Cloud
  /** Told when a check could not be asked for: the repair then waits for the schedule. */
  readonly onLostCheck: (account: string) => void
}

/**
 * Issues a token for an account, from the cache while it has at least 5 minutes left.
 *
 * @returns a function of the account's name, lower-cased. Many calls at once make one exchange.
 * @throws AppError when the vault refuses or does not answer.
 */
export function issueToken(deps: IssueDeps): (account: string) => Promise<IssueResult> {
  const ask = askSparingly(deps)
  return cachedTokens(deps.clock, (account) => exchangeNewest({ ...deps, ask }, account))
}

type Check = Parameters<CheckRequests['send']>[0]

interface Vend extends IssueDeps {
  readonly ask: (account: string, check: Check) => Promise<void>
}

const ASK_EVERY_MS = 60_000

/** One check a minute and account is enough; one that cannot be asked for is lost time, not a reason to fail a vend. */
function askSparingly({ checks, clock, onLostCheck }: IssueDeps): Vend['ask'] {
  const askedAt = new Map<string, number>()
  return async (account, check) => {
    const now = clock.elapsed()
    if (now - (askedAt.get(account) ?? Number.NEGATIVE_INFINITY) < ASK_EVERY_MS) return
    askedAt.set(account, now)
    await checks.send(check).catch(() => {
      askedAt.delete(account)
      onLostCheck(account)
    })
  }
}

/** A key that is refused was replaced a moment ago, or broken by hand: look once more, then ask for a check. */
async function exchangeNewest(deps: Vend, account: string, refused?: PublishedKey): Promise<IssueResult> {
  const answer = await deps.records.newest(account)
  switch (answer.kind) {
    case 'absent':
      return { kind: 'refused', code: 'unknown_account' }
    case 'held':
      return { kind: 'refused', code: 'account_held' }
    case 'not-a-record':
      await deps.ask(account, { secret: account })
      return { kind: 'refused', code: 'unknown_account' }
    case 'record':
      break
    default:
      return unreachable(answer)
  }
  const { record } = answer
  if (record.fingerprint !== refused?.fingerprint) {
    const exchanged = await deps.tokens.exchange(record.place, record.key)
    if (exchanged.kind !== 'refused' && exchanged.kind !== 'forbidden') return toResult(deps, record, exchanged)
    if (exchanged.kind === 'refused' && !hasTokenService(record.kind))
      return { kind: 'refused', code: 'tokens_unsupported' }
    if (refused === undefined) return exchangeNewest(deps, account, record)
  }
  await deps.ask(account, { account: record.providerAddress })
  return { kind: 'refused', code: 'key_refused' }
}

function toResult(
  deps: IssueDeps,
  { place, kind }: PublishedKey,
  exchanged: Exclude<ExchangeAnswer, { kind: 'refused' | 'forbidden' }>,
): IssueResult {
  switch (exchanged.kind) {
    case 'unsupported':
      return { kind: 'refused', code: 'tokens_unsupported' }
    case 'unknown':
      return { kind: 'refused', code: 'token_service_unavailable' }
    case 'token': {
      const endpoint = serviceEndpoint(deps.cloud, place, kind)
      if (endpoint === undefined) return { kind: 'refused', code: 'unknown_account' }
      const { token, expiresAt } = exchanged
      const refreshAfter = refreshTime(deps.clock.now(), expiresAt)
      return { kind: 'issued', issued: { token, expiresAt, refreshAfter, region: place.region, endpoint } }
    }
    default:
      return unreachable(exchanged)
  }
}

const REFRESH_AHEAD_MS = 2 * 60_000

/** Two minutes before the end, as Microsoft advises for a token of ten (contract C3); a fifth of a shorter life. */
function refreshTime(issuedAt: Date, expiresAt: Date): Date {
  const life = expiresAt.getTime() - issuedAt.getTime()
  return new Date(expiresAt.getTime() - Math.min(REFRESH_AHEAD_MS, life / 5))
}
