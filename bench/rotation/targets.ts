// What is promised, and whether it holds.

import type { Row } from './rows.ts'
import type { Result, Scenario } from './scenario.ts'

/** At most so much; megabytes below it. Nothing is lost. */
export const LIMITS = {
  unthrottledRatio: 1.1,
  throttledRatio: 1.05,
  callsPerRotation: 10,
  callsPerCheck: 3,
  megabytes: 250,
} as const

export interface Measured extends Row {
  readonly result: Result
  readonly idealSeconds: number
  readonly ratio: number
  readonly callsPerAccount: number
}

export interface Judged {
  readonly target: string
  /** Of the rows that are held against it. */
  readonly worst: number
  readonly met: boolean
}

export function judge(all: readonly Measured[]): readonly Judged[] {
  const rows = all.filter(({ bound }) => bound)
  const worst = (of: readonly Measured[], value: (row: Measured) => number) => Math.max(...of.map(value))
  const most = (target: string, limit: number, seen: number): Judged => ({ target, worst: seen, met: seen <= limit })
  const [slow, fast] = [
    rows.filter(({ scenario }) => scenario.throttled),
    rows.filter((row) => !row.scenario.throttled),
  ]
  const doing = (work: Scenario['work']) => rows.filter(({ scenario }) => scenario.work === work)
  const { unthrottledRatio, throttledRatio, callsPerRotation, callsPerCheck, megabytes } = LIMITS
  const memory = worst(rows, ({ result }) => result.peakMegabytes)
  return [
    most(
      `without limits at most ${unthrottledRatio} × ideal`,
      unthrottledRatio,
      worst(fast, ({ ratio }) => ratio),
    ),
    most(
      `with limits at most ${throttledRatio} × ideal`,
      throttledRatio,
      worst(slow, ({ ratio }) => ratio),
    ),
    most(
      'nothing lost',
      0,
      worst(rows, ({ result }) => result.lost),
    ),
    most(`at most ${callsPerRotation} calls for a rotation`, callsPerRotation, worst(doing('rotation'), callsOf)),
    most(`at most ${callsPerCheck} calls for a check`, callsPerCheck, worst(doing('check'), callsOf)),
    { target: `below ${megabytes} MB`, worst: memory, met: memory < megabytes },
  ]
}

const callsOf = ({ callsPerAccount }: Measured) => callsPerAccount
