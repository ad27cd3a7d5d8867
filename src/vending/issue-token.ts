// A vend: a token of an account's token service, from the cache wherever that will do.
//
// One flight per account at a time looks at its newest record and renews its token. Callers wait for it only where
// there is nothing to give them yet.

import { LRUCache } from 'lru-cache'
import type { Clock } from '../common/clock.ts'
import { AppError } from '../common/errors.ts'
import type { Soon } from '../common/soon.ts'
import { askSparingly } from './ask-sparingly.ts'
import { type CachedToken, cacheToken } from './cached-token.ts'
import type { IssueRefusal, IssueResult } from './issued-token.ts'
import { type Look, type LookDeps, lookAtAccount } from './look.ts'
import type { CheckRequests } from './ports.ts'

export interface IssueDeps extends Omit<LookDeps, 'ask'> {
  readonly checks: CheckRequests
  /** From 0 up to 1. */
  readonly random: () => number
}

/**
 * Issues a token for an account. It has at least 5 minutes left (half of its life, where that is short) unless the
 * vault or the token service fails: then what is still valid is served.
 *
 * @returns a function of the account's name, lower-cased. It answers at once from the cache, and otherwise promises.
 * @throws AppError when the vault refuses or does not answer, and nothing valid is at hand: at once where that is
 *   remembered, otherwise as a rejection.
 */
export function issueToken(deps: IssueDeps): (account: string) => Soon<IssueResult> {
  const look = lookAtAccount({ ...deps, ask: askSparingly(deps) })
  const entries = new LRUCache<string, Entry>({ max: MAX_ACCOUNTS })
  return (account) => {
    const entry = entries.get(account) ?? { lookedAt: Number.NEGATIVE_INFINITY, retryAt: Number.NEGATIVE_INFINITY }
    const now = deps.clock.elapsed()
    const left = leftOf(entry)
    if (isLookDue(entry, now, left)) {
      entries.set(account, entry)
      entry.flight ??= takeOff(deps, look, account, entry)
    }
    if (entry.flight === undefined || isGood(entry, now, left)) return give(entry, left)
    return entry.flight.then(() => give(entry, leftOf(entry)))
  }
}

/** Accounts that are remembered, with a token and its written answer: about 3 KiB each. */
const MAX_ACCOUNTS = 10_000
/** The newest record is looked at once a minute while an account is in use. */
const LOOK_EVERY_MS = 60_000
/** Nobody is served on an older look, unless it fails: so soon an emergency stop reaches the last caller. */
const LOOK_WITHIN_MS = 75_000
/** A failure is remembered for so long, give or take a half. */
const FAILURE_MS = 5_000
/** Whatever the vault and the token service do, a flight ends by then. */
const FLIGHT_MS = 30_000
/** Nobody waits longer for one; who comes later than that while it is under way is answered at once. */
const PATIENCE_MS = 10_000

/** What is remembered of one account. Times are those of `clock.elapsed()`, in milliseconds. */
interface Entry {
  token?: CachedToken | undefined
  /** Why there is no token, or why it could not be renewed. */
  failure?: { readonly code: IssueRefusal } | { readonly error: unknown } | undefined
  /** When the look began that the token rests on. */
  lookedAt: number
  retryAt: number
  /** Is there while somebody looks; callers may wait for it. */
  flight?: Promise<void> | undefined
}

/** Of its token, in milliseconds. Read once for a vend: it looks at two clocks. */
const leftOf = ({ token }: Entry): number => (token === undefined ? 0 : token.left())

const isLookDue = ({ token, lookedAt, retryAt }: Entry, now: number, left: number): boolean =>
  now >= retryAt && (token === undefined || left <= token.renewLeft || now >= lookedAt + LOOK_EVERY_MS)

/**
 * Is what is at hand to be given without waiting for the flight under way? Shortly after a failure, whatever is valid
 * is: as long as the next failure may take to show.
 */
function isGood({ token, lookedAt, failure, retryAt }: Entry, now: number, left: number): boolean {
  if (token === undefined) return false
  if (failure !== undefined && now < retryAt + FLIGHT_MS) return left > token.leastLeft
  return left > token.goodLeft && now < lookedAt + LOOK_WITHIN_MS
}

function give({ token, failure }: Entry, left: number): IssueResult {
  if (token !== undefined && left > token.leastLeft) return { kind: 'issued', issued: token.issued, leftMs: left }
  if (failure !== undefined && 'error' in failure) throw failure.error
  return { kind: 'refused', code: failure?.code ?? 'token_service_unavailable' }
}

/** @returns what callers wait for: the end of the flight, or of their patience. */
function takeOff(deps: IssueDeps, look: Look, account: string, entry: Entry): Promise<void> {
  const landed = new AbortController()
  const { clock } = deps
  const flight = fly(deps, withinTime(clock, look), account, entry).finally(() => {
    entry.flight = undefined
    landed.abort()
  })
  return Promise.race([flight, clock.sleep(PATIENCE_MS, landed.signal)])
}

/** Each port bounds its own calls; this is for the one that does not. */
const withinTime =
  (clock: Clock, look: Look): Look =>
  async (account, fresh) => {
    const done = new AbortController()
    const late = clock.sleep(FLIGHT_MS, done.signal).then(() => {
      throw new AppError('upstream_unreachable', `look at ${account}: no answer (timeout)`)
    })
    try {
      return await Promise.race([look(account, fresh), late])
    } finally {
      done.abort()
    }
  }

/** What says nothing about the account: the token at hand is kept. After any other refusal it is not given any more. */
const isOutage = (code: IssueRefusal): boolean => code === 'token_service_unavailable'

async function fly({ clock, random, report }: IssueDeps, look: Look, account: string, entry: Entry): Promise<void> {
  const begun = clock.elapsed()
  const fail = (failure: NonNullable<Entry['failure']>) => {
    entry.failure = failure
    entry.retryAt = clock.elapsed() + FAILURE_MS * (0.5 + random())
  }
  try {
    const { token } = entry
    const fresh = token && token.left() > token.renewLeft ? token.source : undefined
    const looked = await look(account, fresh)
    if (looked.kind === 'refused') {
      if (!isOutage(looked.code)) entry.token = undefined
      fail({ code: looked.code })
      // The others are an account's own state, and callers may ask for any name.
      if ('reason' in looked) report({ kind: 'look-failed', account, code: looked.code, reason: looked.reason })
      return
    }
    if (looked.kind === 'token') entry.token = cacheToken(clock, looked)
    entry.lookedAt = begun
    entry.failure = undefined
  } catch (error) {
    fail({ error })
    const [code, reason] = error instanceof AppError ? [error.code, error.message] : ['internal', 'a defect']
    report({ kind: 'look-failed', account, code, reason })
  }
}
