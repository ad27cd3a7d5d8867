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

/**
 * How long, in milliseconds, until the same message is to be looked at again; `undefined` when it is done with.
 *
 * @param attempt how often it was put back so far, from 0.
 */
export function putBack(outcome: Outcome, request: Request, attempt: number, now: Date): number | undefined {
  if (request.kind === 'check') return attempt < MOST_CHECKS ? checkAgain(outcome, attempt) : undefined
  return requestAgain(outcome, request, attempt, now)
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

/** A request lasts until it is done, or until a reason that only a person can remove. A revoke lasts until it is done. */
function requestAgain(outcome: Outcome, request: Request, attempt: number, now: Date): number | undefined {
  switch (outcome.kind) {
    case 'done':
    case 'planned':
      return undefined
    case 'published':
      return 0
    case 'waiting':
      return Math.min(Math.max(SECOND, outcome.until.getTime() - now.getTime()), LONGEST)
    case 'skipped':
      return request.kind === 'revoke' && outcome.reason !== 'account-gone' ? backOff(attempt, 5 * MINUTE) : undefined
    default:
      return checkAgain(outcome, attempt) ?? backOff(attempt, HOUR)
  }
}

/** The same for a run that Azure was too busy for (429). Requests last; the schedule asks for checks again. */
export const putBackThrottled = (request: Request, attempt: number): number | undefined =>
  request.kind === 'check' && attempt >= MOST_CHECKS ? undefined : backOff(attempt, 10 * MINUTE)

/** 5 s, 10 s, 20 s, … up to `most`. */
const backOff = (attempt: number, most: number): number => Math.min(5 * SECOND * 2 ** attempt, most, LONGEST)
