// What becomes of a message whose run ended without finishing the work: nothing, or a successor some time later.

import { unreachable } from '../common/errors.ts'
import type { Request, SkipReason } from './plan.ts'
import type { Outcome } from './run.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
/** A message may be hidden for seven days at the most (contract F); the next look then hides it again. */
const LONGEST = 6 * 24 * HOUR
/** The schedule asks again anyhow; a check that is put back this often has had its chance. */
const MOST_CHECKS = 10
/** A key that leaked is alive until its revoke is done: it is tried again at least this often. */
const REVOKE_AGAIN = 5 * MINUTE
/** ARM may not find an account for a while that is there: a revoke outlasts that, and ends undone after so long. */
const GONE_FOR = 48 * HOUR
/** A revoke that takes longer is alarmed on. */
const REVOKE_WITHIN = 10 * MINUTE

/**
 * How long, in milliseconds, until the same message is to be looked at again; `undefined` when it is done with.
 *
 * @param attempt how often it was put back so far, from 0.
 * @param askedAt when an operator asked for it.
 */
export function putBack(
  outcome: Outcome,
  request: Request,
  attempt: number,
  now: Date,
  askedAt?: Date,
): number | undefined {
  switch (request.kind) {
    case 'check':
      return attempt < MOST_CHECKS || leftUnpublished(outcome) ? checkAgain(outcome, attempt) : undefined
    case 'rotate':
      return rotateAgain(outcome, attempt, now)
    case 'revoke':
      return endsUndone(outcome, request, now, askedAt) ? undefined : revokeAgain(outcome, attempt)
    default:
      return unreachable(request)
  }
}

/** However often a message was put back: a key that was just regenerated is to be looked at again. */
const leftUnpublished = (outcome: Outcome): boolean => outcome.kind === 'withheld' && outcome.regenerated

function checkAgain(outcome: Outcome, attempt: number): number | undefined {
  switch (outcome.kind) {
    case 'recovering':
      return 15 * SECOND
    case 'withheld':
      // A regenerated key that is not published yet is looked at again at once, then ever more rarely.
      return outcome.regenerated ? 0 : backOff(attempt, HOUR)
    case 'busy':
      return backOff(attempt, 2 * MINUTE)
    case 'overtaken':
    case 'unsettled':
      return backOff(attempt, MINUTE)
    default:
      return undefined
  }
}

/** ARM is at work on the account, or a role is still on its way to all of ARM: that passes by itself, mostly. */
const PASSING: readonly SkipReason[] = ['not-settled', 'not-granted']

/** A rotation lasts until it is done, or until a reason that only a person can remove. */
function rotateAgain(outcome: Outcome, attempt: number, now: Date): number | undefined {
  switch (outcome.kind) {
    case 'done':
    case 'planned':
      return undefined
    case 'skipped':
      return PASSING.includes(outcome.reason) && attempt < MOST_CHECKS ? backOff(attempt, HOUR) : undefined
    case 'published':
      return 0
    case 'waiting':
      return Math.min(Math.max(SECOND, outcome.until.getTime() - now.getTime()), LONGEST)
    default:
      return checkAgain(outcome, attempt) ?? backOff(attempt, HOUR)
  }
}

/** A revoke lasts until it is done, whatever is in its way: also where the deployment only plans by now. */
function revokeAgain(outcome: Outcome, attempt: number): number | undefined {
  const nothingLeft = outcome.kind === 'planned' ? outcome.plan.kind === 'done' : outcome.kind === 'done'
  if (nothingLeft) return undefined
  if (outcome.kind === 'published') return 0
  return Math.min(checkAgain(outcome, attempt) ?? backOff(attempt, REVOKE_AGAIN), REVOKE_AGAIN)
}

/** Whether a revoke is given up: two days after it was asked for, ARM does not find its account. */
export const endsUndone = (outcome: Outcome, request: Request, now: Date, askedAt: Date | undefined): boolean =>
  request.kind === 'revoke' &&
  outcome.kind === 'skipped' &&
  outcome.reason === 'account-gone' &&
  askedAt !== undefined &&
  now.getTime() - askedAt.getTime() >= GONE_FOR

/**
 * The same for a run that threw; `undefined` leaves the message to the host, which delivers it again and parks it
 * after five tries. A revoke is not parked, since nobody takes a parked message out.
 */
export function putBackFailed(request: Request, attempt: number, throttled: boolean): number | undefined {
  if (request.kind === 'revoke') return backOff(attempt, REVOKE_AGAIN)
  return throttled ? putBackThrottled(request, attempt) : undefined
}

/** Whether a revoke that was asked for at that time, and is not done now, has taken too long. */
export const isOverdue = (askedAt: Date, now: Date): boolean => now.getTime() - askedAt.getTime() >= REVOKE_WITHIN

/** For a run that Azure was too busy for (429). Requests last; the schedule asks for checks again. */
export const putBackThrottled = (request: Request, attempt: number): number | undefined =>
  request.kind === 'check' && attempt >= MOST_CHECKS ? undefined : backOff(attempt, 10 * MINUTE)

/** 5 s, 10 s, 20 s, … up to `most`. */
const backOff = (attempt: number, most: number): number => Math.min(5 * SECOND * 2 ** attempt, most, LONGEST)
