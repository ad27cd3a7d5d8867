// So many calls in any span of time. Unlike a bucket, it gives all of the limit to those who come at once.

import type { Clock } from '../common/clock.ts'
import { createLine, type Line } from './pacing-line.ts'

export interface WindowLimit {
  readonly most: number
  /** In milliseconds. */
  readonly spanMs: number
}

/** @param what is limited, in the words of a log: `creates of the vault`. */
export function createWindow(clock: Clock, what: string, { most, spanMs }: WindowLimit): Line {
  /** When each of the last calls was made, as many as count. */
  const times: number[] = []
  return createLine(clock, what, {
    waitFor(ahead) {
      // The call that has to be a span ago by then; one that is itself still to come is a span away or more.
      const before = times[times.length - most + (ahead % most)]
      const spans = Math.floor(ahead / most)
      return before === undefined ? spans * spanMs : Math.max(0, before + (spans + 1) * spanMs - clock.elapsed())
    },
    count() {
      times.push(clock.elapsed())
      if (times.length > most) times.shift()
    },
  })
}
