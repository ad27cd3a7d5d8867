// Requests that were turned away before anybody knew who asked: counted, because anybody can send as many as they like.

import type { Clock } from '../common/clock.ts'
import { writeRecord } from './log.ts'
import type { ProblemCode } from './problem.ts'

const WINDOW_MS = 60_000

export interface RefusalCount {
  add(code: ProblemCode): void
  /** Tells what was not told yet. */
  flush(): void
}

/**
 * One record per reason and minute. A minute begins with the first refusal after a quiet time, and is told when it is
 * over. What was counted and not told is lost when the process is killed.
 *
 * @param log takes a line outside of any invocation.
 */
export function refusalCount({ clock, log }: { clock: Clock; log: (text: string) => void }): RefusalCount {
  const counts = new Map<ProblemCode, number>()
  let since = ''
  let timer: NodeJS.Timeout | undefined

  const flush = (): void => {
    clearTimeout(timer)
    for (const [code, count] of counts) writeRecord(log, 'caller.refused', { code, count, since })
    counts.clear()
  }

  return {
    add(code) {
      if (counts.size === 0) {
        since = clock.now().toISOString()
        // A process that is about to end does not wait for it.
        timer = setTimeout(flush, WINDOW_MS).unref()
      }
      counts.set(code, (counts.get(code) ?? 0) + 1)
    },
    flush,
  }
}
