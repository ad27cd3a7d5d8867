// What a timer function is called with, by its schedule or by hand.

import type { TypedData } from './core-types.ts'

/** Instants in ISO form; `0001-01-01…` before the first run. */
export interface ScheduleStatus {
  readonly Last: string
  readonly Next: string
  readonly LastUpdated: string
}

/** @param status `null` where the host keeps none: schedules under a minute, and runs by hand. */
export function timerInput(status: ScheduleStatus | null): TypedData {
  return { json: JSON.stringify({ Schedule: { AdjustForDST: true }, ScheduleStatus: status, IsPastDue: false }) }
}
