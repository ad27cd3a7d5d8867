// Timer triggers: one run at a time, and a run that lasts past its next turn is followed at once by one more.

import type { TypedData } from './core-types.ts'
import type { Schedule } from './ncrontab.ts'
import { type ScheduleStatus, timerInput } from './timer-input.ts'

export interface TimerOptions {
  readonly schedule: Schedule
  readonly runOnStartup: boolean
  /** Hands the function its schedule status, which the real host keeps for schedules of a minute and more. */
  readonly useMonitor: boolean
  /** Never rejects. */
  readonly run: (input: TypedData) => Promise<void>
}

export interface Timer {
  /** No run begins any more; one that is under way goes on. */
  stop(): void
}

/** Longer waits overflow `setTimeout`; so they are cut into pieces. */
const MAX_WAIT_MS = 2 ** 31 - 1
const NEVER = '0001-01-01T00:00:00.000Z'

/**
 * Starts a timer. The schedule status lives in memory: unlike the real host, which keeps it in a blob, this one does
 * not notice turns that were missed while it was down.
 */
export function startTimer({ schedule, runOnStartup, useMonitor, run }: TimerOptions): Timer {
  let stopped = false
  let handle: NodeJS.Timeout | undefined
  let next = schedule.next(new Date())
  const monitored = useMonitor && schedule.next(next).getTime() - next.getTime() >= 60_000
  let last = NEVER

  const wait = () => {
    if (stopped) return
    const left = next.getTime() - Date.now()
    handle = setTimeout(left > MAX_WAIT_MS ? wait : turn, Math.min(Math.max(left, 1), MAX_WAIT_MS))
  }

  const turn = async () => {
    // A timer may fire a little early; the turn it belongs to is then still ahead, and must not come twice.
    const begun = new Date(Math.max(Date.now(), next.getTime()))
    await execute(begun)
  }

  const execute = async (begun: Date) => {
    const status: ScheduleStatus = { Last: last, Next: next.toISOString(), LastUpdated: last }
    await run(timerInput(monitored ? status : null))
    last = begun.toISOString()
    next = schedule.next(begun)
    wait()
  }

  if (runOnStartup) handle = setTimeout(() => execute(new Date()), 1)
  else wait()
  return {
    stop() {
      stopped = true
      clearTimeout(handle)
    },
  }
}
