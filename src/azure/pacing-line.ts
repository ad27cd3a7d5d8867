// Those who wait for one limit, in order: what has begun is ended before something new is begun.

import type { Clock } from '../common/clock.ts'
import { AppError } from '../common/errors.ts'

/** Longer than this, in milliseconds, nobody waits: the message is put back, and its lease and its place are free. */
export const LONGEST_WAIT_MS = 30_000

/** What counts: how much is left of a limit. */
export interface Meter {
  /** Milliseconds until the call may be made that has so many others before it. */
  waitFor(ahead: number): number
  /** One call is made. */
  count(): void
}

export interface Line {
  /**
   * Until one more call may be made.
   *
   * @param first ahead of all that are not: what has begun is ended before something new is begun.
   * @throws AppError `upstream_throttled` when that takes longer than `LONGEST_WAIT_MS`.
   */
  take(first?: boolean): Promise<void>
  /** Refused: nothing is sent for so long. */
  pause(milliseconds: number): void
}

/** @param what is limited, in the words of a log: `writes of subscription x`. */
export function createLine(clock: Clock, what: string, meter: Meter): Line {
  let pausedUntil = clock.elapsed()
  let serving = false
  const lanes: Waiter[][] = [[], []]

  const waitFor = (ahead: number): number => Math.max(meter.waitFor(ahead), pausedUntil - clock.elapsed())
  const refuse = () => new AppError('upstream_throttled', `wait for the ${what}: the limit is used up`)

  const serve = async () => {
    while (lanes.some(({ length }) => length > 0)) {
      const waitMs = waitFor(0)
      if (waitMs > LONGEST_WAIT_MS) for (const { refused } of lanes.flatMap((lane) => lane.splice(0))) refused(refuse())
      else if (waitMs > 0) await clock.sleep(waitMs)
      else {
        meter.count()
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
    pause(milliseconds) {
      pausedUntil = Math.max(pausedUntil, clock.elapsed() + milliseconds)
    },
  }
}

interface Waiter {
  readonly granted: () => void
  readonly refused: (error: AppError) => void
}
