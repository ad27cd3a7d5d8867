// A vend: a token of an account's token service, from the cache wherever that will do.
//
// One flight per account at a time looks at its newest record and renews its token. Callers wait for it only where
// there is nothing to give them yet.

import { LRUCache } from 'lru-cache'
import type { Clock } from '../common/clock.ts'
import { AppError } from '../common/errors.ts'
import { askForChecks } from './ask-for-checks.ts'
import type { IssuedToken, IssueRefusal, IssueResult } from './issued-token.ts'
import { type Look, type LookDeps, lookAtAccount, type Source } from './look.ts'
import type { CheckRequests } from './ports.ts'

export interface IssueDeps extends Omit<LookDeps, 'ask'> {
  readonly checks: CheckRequests
  /** From 0 up to 1. */
  readonly random: () => number
}

/**
 * Issues a token for an account. It has at least 5 minutes left (half of its life, where that is under ten) unless
 * the vault or the token service fails: then what is still valid is served.
 *
 * @returns a function of the account's name, lower-cased. It answers at once from the cache, and otherwise promises.
 * @throws AppError when the vault refuses or does not answer, and nothing valid is at hand.
 */
export function issueToken(deps: IssueDeps): (account: string) => IssueResult | Promise<IssueResult> {
  const look = lookAtAccount({ ...deps, ask: askForChecks(deps) })
  const holdings = new LRUCache<string, Holding>({ max: MAX_ACCOUNTS })
  const flying = { ...deps, look }
  return (account) => {
    const held = holdings.get(account) ?? { lookedAt: Number.NEGATIVE_INFINITY, retryAt: Number.NEGATIVE_INFINITY }
    const now = deps.clock.elapsed()
    if (isLookDue(held, now)) {
      holdings.set(account, held)
      held.flight ??= fly(flying, account, held).finally(() => {
        held.flight = undefined
      })
    }
    if (held.flight === undefined || isGood(held, now)) return give(held, now)
    return held.flight.then(() => give(held, deps.clock.elapsed()))
  }
}

/** Accounts that are remembered, with a token of about 1 KiB each. */
const MAX_ACCOUNTS = 10_000
const MIN_LEFT_MS = 5 * 60_000
/** Renewed so long before it must be: longer than one exchange may take, so that nobody waits for it. */
const RENEW_AHEAD_MS = 15_000
/** The newest record is looked at once a minute while an account is in use. */
const LOOK_EVERY_MS = 60_000
/** Nobody is served on an older look, unless it fails: so soon an emergency stop reaches the last caller. */
const LOOK_WITHIN_MS = 75_000
/** A failure is remembered for so long, give or take a half. */
const FAILURE_MS = 5_000

/** What is remembered of one account. Times are those of `clock.elapsed()`, in milliseconds. */
interface Holding {
  token?: Held | undefined
  /** Why there is no token, or why it could not be renewed. */
  failure?: { readonly code: IssueRefusal } | { readonly error: unknown } | undefined
  lookedAt: number
  retryAt: number
  flight?: Promise<void> | undefined
}

interface Held {
  readonly result: { readonly kind: 'issued'; readonly issued: IssuedToken }
  readonly source: Source
  readonly renewAt: number
  readonly goodUntil: number
  readonly endsAt: number
}

const isLookDue = ({ token, lookedAt, retryAt }: Holding, now: number): boolean =>
  now >= retryAt && (token === undefined || now >= token.renewAt || now >= lookedAt + LOOK_EVERY_MS)

/** Is what is at hand to be given without waiting for the flight under way? After a failure, whatever is valid is. */
function isGood({ token, lookedAt, failure }: Holding, now: number): boolean {
  if (token === undefined || now >= token.endsAt) return false
  return failure !== undefined || (now < token.goodUntil && now < lookedAt + LOOK_WITHIN_MS)
}

function give({ token, failure }: Holding, now: number): IssueResult {
  if (token !== undefined && now < token.endsAt) return token.result
  if (failure !== undefined && 'error' in failure) throw failure.error
  return { kind: 'refused', code: failure?.code ?? 'token_service_unavailable' }
}

/** A stop, or a key that nobody accepts: what is in the cache is not to be given any more. */
const KEEPS_TOKEN: readonly IssueRefusal[] = ['token_service_unavailable']

async function fly(deps: IssueDeps & { look: Look }, account: string, held: Holding): Promise<void> {
  const { clock, look, random, report } = deps
  const fail = (failure: NonNullable<Holding['failure']>, code: string) => {
    held.failure = failure
    held.retryAt = clock.elapsed() + FAILURE_MS * (0.5 + random())
    if (held.token !== undefined) report({ kind: 'look-failed', account, code })
  }
  try {
    const { token } = held
    const fresh = token && clock.elapsed() < token.renewAt ? token.source : undefined
    const looked = await look(account, fresh)
    if (looked.kind === 'refused') {
      if (!KEEPS_TOKEN.includes(looked.code)) held.token = undefined
      fail({ code: looked.code }, looked.code)
      return
    }
    if (looked.kind === 'token') held.token = hold(clock, looked.issued, looked.source)
    held.lookedAt = clock.elapsed()
    held.failure = undefined
  } catch (error) {
    fail({ error }, error instanceof AppError ? error.code : 'internal')
  }
}

function hold(clock: Clock, issued: IssuedToken, source: Source): Held {
  const now = clock.elapsed()
  const life = issued.expiresAt.getTime() - clock.now().getTime()
  const left = Math.min(MIN_LEFT_MS, life / 2)
  const goodUntil = now + life - left
  const renewAt = goodUntil - Math.min(RENEW_AHEAD_MS, left / 20)
  return { result: { kind: 'issued', issued }, source, renewAt, goodUntil, endsAt: now + life }
}
