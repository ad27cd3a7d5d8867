// A token bucket that learns: what the service answers to be left corrects what we believe is left.

import type { Clock } from '../common/clock.ts'
import { AppError } from '../common/errors.ts'

export interface Limit {
  /** How many calls may be made at once after a pause. */
  readonly size: number
  readonly perSecond: number
}

/** Longer than this, in milliseconds, nobody waits: the message is put back, and its lease and its place are free. */
export const LONGEST_WAIT_MS = 30_000

export interface Bucket {
  /**
   * Until one more call may be made.
   *
   * @param first ahead of all that are not: what has begun is ended before something new is begun.
   * @throws AppError `upstream_throttled` when that takes longer than `LONGEST_WAIT_MS`.
   */
  take(first?: boolean): Promise<void>
  /** A call leaves; what is returned is to be called when its answer, or none, has come. */
  sending(): () => void
  /** What the service says: how many calls are left after one that was sent, and by which limit. */
  learn(remaining: number, limit?: Limit): void
  /** Refused: nothing is sent for so long. */
  pause(milliseconds: number): void
}

/** @param what is limited, in the words of a log: `writes of subscription x`. */
export function createBucket(clock: Clock, what: string, initial: Limit): Bucket {
  let limit = initial
  let left = initial.size
  let filledAt = clock.elapsed()
  let pausedUntil = filledAt
  let underway = 0
  let serving = false
  const lanes: Waiter[][] = [[], []]

  const fill = () => {
    const now = clock.elapsed()
    left = Math.min(limit.size, left + ((now - filledAt) / 1_000) * limit.perSecond)
    filledAt = now
  }
  /** Milliseconds until the call may be made that has so many others before it. */
  const waitFor = (ahead: number): number => {
    fill()
    const short = Math.max(0, ahead + 1 - left)
    return Math.max(Math.ceil((short / limit.perSecond) * 1_000), pausedUntil - clock.elapsed())
  }
  const refuse = () => new AppError('upstream_throttled', `wait for the ${what}: the limit is used up`)

  const serve = async () => {
    while (lanes.some(({ length }) => length > 0)) {
      const waitMs = waitFor(0)
      if (waitMs > LONGEST_WAIT_MS) for (const { refused } of lanes.flatMap((lane) => lane.splice(0))) refused(refuse())
      else if (waitMs > 0) await clock.sleep(waitMs)
      else {
        left -= 1
        lanes
          .find(({ length }) => length > 0)
          ?.shift()
          ?.granted()
      }
    }
    serving = false
  }

  return {
    async take(first = false) {
      const ahead = lanes.slice(0, first ? 1 : 2).reduce((sum, { length }) => sum + length, 0)
      if (waitFor(ahead) > LONGEST_WAIT_MS) throw refuse()
      await new Promise<void>((granted, refused) => {
        lanes[first ? 0 : 1]?.push({ granted, refused })
        if (serving) return
        serving = true
        void serve()
      })
    },
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
    pause(milliseconds) {
      pausedUntil = Math.max(pausedUntil, clock.elapsed() + milliseconds)
    },
  }
}

interface Waiter {
  readonly granted: () => void
  readonly refused: (error: AppError) => void
}
