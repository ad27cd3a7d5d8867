// The demo's table, and the reasons why some accounts are not in it, as the rotator's own log tells them.

import { z } from 'zod'
import type { Shown } from './verdict.ts'

export interface Refused {
  readonly account: string
  readonly reason: string
}

const skipped = z.object({ account: z.string(), kind: z.literal('skipped'), reason: z.string() })

/** A line of the rotator's log that says why an account was left alone. */
export function readRefusal(line: string): Refused | undefined {
  const [, json] = /rotation\.checked (\{.*\})/.exec(line) ?? []
  if (json === undefined) return undefined
  const parsed = skipped.safeParse(JSON.parse(json))
  if (!parsed.success) return undefined
  return { account: parsed.data.account.split('/').at(-1) ?? '', reason: parsed.data.reason }
}

const HEAD = ['account', 'live slot history', 'vends', 'calls', 'failures']

/** One row per account: the slots in the order in which they became live, then counts. */
export function renderTable(shown: readonly Shown[], refused: readonly Refused[]): string {
  const rows = shown.map(({ name, history, tally: { vends, calls, failures } }) => [
    name,
    history.published.map(({ slot }) => slot).join(' > '),
    ...[vends, calls, failures.length].map(String),
  ])
  const left = refused.map(({ account, reason }) => [account, `left alone: ${reason}`, '', '', ''])
  const table = [HEAD, ...rows, ...left]
  const widths = HEAD.map((_head, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
