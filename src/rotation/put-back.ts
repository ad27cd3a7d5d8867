// What becomes of a message whose run ended without finishing the work: nothing, or a successor some time later.

import type { Request } from './plan.ts'
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
/** A revoke that takes longer is alarmed on. */
const REVOKE_WITHIN = 10 * MINUTE

/**
 * How long, in milliseconds, until the same message is to be looked at again; `undefined` when it is done with.
 *
 * @param attempt how often it was put back so far, from 0.
 */
export function putBack(outcome: Outcome, request: Request, attempt: number, now: Date): number | undefined {
  if (request.kind === 'check') return attempt < MOST_CHECKS ? checkAgain(outcome, attempt) : undefined
  return request.kind === 'revoke' ? revokeAgain(outcome, attempt) : rotateAgain(outcome, attempt, now)
}

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

/** A rotation lasts until it is done, or until a reason that only a person can remove. */
function rotateAgain(outcome: Outcome, attempt: number, now: Date): number | undefined {
  switch (outcome.kind) {
    case 'done':
    case 'planned':
    case 'skipped':
      return undefined
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
  if (nothingLeft || (outcome.kind === 'skipped' && outcome.reason === 'account-gone')) return undefined
  if (outcome.kind === 'published') return 0
  return Math.min(checkAgain(outcome, attempt) ?? backOff(attempt, REVOKE_AGAIN), REVOKE_AGAIN)
}

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
