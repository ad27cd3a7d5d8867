// A token bucket that learns: what the service answers to be left corrects what we believe is left.

import type { Clock } from '../common/clock.ts'
import { createLine, type Line } from './pacing-line.ts'

export interface Limit {
  /** How many calls may be made at once after a pause. */
  readonly size: number
  readonly perSecond: number
}

export interface Bucket extends Line {
  /** A call leaves; what is returned is to be called when its answer, or none, has come. */
  sending(): () => void
  /** What the service says: how many calls are left after one that was sent, and by which limit. */
  learn(remaining: number, limit?: Limit): void
}

/** @param what is limited, in the words of a log: `writes of subscription x`. */
export function createBucket(clock: Clock, what: string, initial: Limit): Bucket {
  let limit = initial
  let left = initial.size
  let filledAt = clock.elapsed()
  let underway = 0

  const fill = () => {
    const now = clock.elapsed()
    left = Math.min(limit.size, left + ((now - filledAt) / 1_000) * limit.perSecond)
    filledAt = now
  }
  const line = createLine(clock, what, {
    waitFor(ahead) {
      fill()
      return Math.ceil((Math.max(0, ahead + 1 - left) / limit.perSecond) * 1_000)
    },
    count() {
      left -= 1
    },
  })

  return {
    ...line,
    sending() {
      underway += 1
      return () => {
        underway -= 1
      }
    },
    learn(remaining, told = limit) {
      fill()
      // Calls that are under way may or may not be in what is left: as if none of them were. The one that is
      // answered is.
      const free = remaining - Math.max(0, underway - 1)
      left = told === limit ? Math.min(left, free) : free
      limit = told
    },
  }
}
