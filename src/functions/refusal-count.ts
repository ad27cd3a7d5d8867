// Refusals that anybody, or any caller, can have as often as they like: counted, so that a flood is no flood of records.

import type { Clock } from '../common/clock.ts'
import { writeRecord } from './log.ts'
import type { ProblemCode } from './problem.ts'

const WINDOW_MS = 60_000

/** The fields of a record `request` that are the same for each of a flood. */
export interface Repeated {
  readonly what: string
  readonly caller: string
  readonly app: string
  readonly result: ProblemCode
}

export interface RefusalCount {
  /** Of somebody who is not known. */
  add(code: ProblemCode): void
  /** Of a caller. @returns whether it was the first of its kind in this minute: that one is not counted, but recorded. */
  isFirst(repeated: Repeated): boolean
  /** Tells what was not told yet. */
  flush(): void
}

/**
 * One record per reason and minute, and for callers one per caller, reason and minute beside the first. A minute begins
 * with the first refusal after a quiet time, and is told when it is over. What was counted and not told is lost when
 * the process is killed.
 *
 * @param log takes a line outside of any invocation.
 */
export function refusalCount({ clock, log }: { clock: Clock; log: (text: string) => void }): RefusalCount {
  const strangers = new Map<ProblemCode, number>()
  const callers = new Map<string, { readonly repeated: Repeated; count: number }>()
  let since = ''
  let timer: NodeJS.Timeout | undefined

  const flush = (): void => {
    clearTimeout(timer)
    for (const [code, count] of strangers) writeRecord(log, 'caller.refused', { code, count, since })
    for (const { repeated, count } of callers.values())
      if (count > 0) writeRecord(log, 'request', { ...repeated, count, since })
    strangers.clear()
    callers.clear()
  }

  const begin = (): void => {
    if (strangers.size + callers.size > 0) return
    since = clock.now().toISOString()
    // A process that is about to end does not wait for it.
    timer = setTimeout(flush, WINDOW_MS).unref()
  }

  return {
    add(code) {
      begin()
      strangers.set(code, (strangers.get(code) ?? 0) + 1)
    },
    isFirst(repeated) {
      begin()
      const name = Object.values(repeated).join()
      const known = callers.get(name)
      if (known) known.count += 1
      else callers.set(name, { repeated, count: 0 })
      return known === undefined
    },
    flush,
  }
}
