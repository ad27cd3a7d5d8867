// The fault matrix: every call of a rotation and of an adoption, everything that can go wrong with it on the wire.

import type { FaultInput } from '../../local/azure/faults.ts'

/** What goes wrong, for as long as one run lasts, or with one call only. */
export type Column =
  | { readonly name: string; readonly fault: FaultKind; readonly once?: true }
  /** The right to write is taken away from the rotator. */
  | { readonly name: string; readonly fault: 'read-only' }
  /** Nobody hears of the regenerate in time; it happens a while after its run has ended. */
  | { readonly name: string; readonly fault: 'lands-late' }

type FaultKind =
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterSeconds?: number }
  | { readonly kind: 'hang' | 'reset-before' | 'reset-after' | 'cut-body' }

export interface Row {
  readonly call: string
  readonly route: string
  /** Calls of this route that go well before. */
  readonly skip: number
  /** What the account needs: a rotation, or its first publication. */
  readonly job: 'rotate' | 'adopt'
  /** A write that is not definitely answered leaves its lease behind. */
  readonly writes: boolean
}

export interface Cell {
  readonly row: Row
  readonly column: Column
  /** The account of this cell alone. */
  readonly account: string
}

const row = (call: string, route: string, change: Partial<Row> = {}): Row => ({
  call,
  route,
  skip: 0,
  job: 'rotate',
  writes: false,
  ...change,
})

export const rows: readonly Row[] = [
  row('arm.getAccount', 'arm.getAccount'),
  row('keyVault.listVersions', 'keyVault.listVersions'),
  row('arm.listKeys', 'arm.listKeys'),
  row('arm.regenerateKey', 'arm.regenerateKey', { writes: true }),
  row('sts.issueToken', 'sts.issueToken'),
  row('sts.issueToken, third time', 'sts.issueToken', { skip: 2 }),
  row('keyVault.listVersions, before the publish', 'keyVault.listVersions', { skip: 1 }),
  row('keyVault.setSecret', 'keyVault.setSecret', { writes: true }),
  row('keyVault.listVersions, read back', 'keyVault.listVersions', { skip: 2 }),
  row('keyVault.getDeleted, adopting', 'keyVault.getDeleted', { job: 'adopt' }),
  row('keyVault.setSecret, adopting', 'keyVault.setSecret', { job: 'adopt', writes: true }),
]

const status = (code: number): FaultKind => ({ kind: 'status', status: code })
const throttled: FaultKind = { kind: 'status', status: 429, retryAfterSeconds: 0 }

export const columns: readonly Column[] = [
  { name: '429 once', fault: throttled, once: true },
  { name: '429', fault: throttled },
  { name: '500', fault: status(500) },
  { name: '503', fault: status(503) },
  { name: 'hang', fault: { kind: 'hang' } },
  { name: 'reset before', fault: { kind: 'reset-before' } },
  { name: 'reset after', fault: { kind: 'reset-after' } },
  { name: 'cut body', fault: { kind: 'cut-body' } },
  { name: '401', fault: status(401) },
  { name: '403', fault: status(403) },
  { name: 'read-only', fault: 'read-only' },
  { name: 'lands late', fault: 'lands-late' },
]

export const cells: readonly Cell[] = rows.flatMap((each, x) =>
  columns
    .filter((column) => makesSense(each, column))
    .map((column, y) => ({ row: each, column, account: `cell-${x}-${y}` })),
)

function makesSense({ route, writes }: Row, column: Column): boolean {
  if (column.fault === 'read-only') return route === 'keyVault.setSecret'
  if (column.fault === 'lands-late') return route === 'arm.regenerateKey'
  // A write is sent once: throttled once and throttled for good are the same.
  return !(column.once && writes)
}

/** More than any client tries one call in one run. */
const FOR_THE_RUN = 1_000

/** What the stand-in is told; nothing where the fault is of another kind. */
export function faultOf({ row: { route, skip }, column }: Cell): FaultInput | undefined {
  if (column.fault === 'read-only') return undefined
  if (column.fault === 'lands-late') return { route, skip, kind: 'hang' }
  const count = 'once' in column ? 1 : FOR_THE_RUN
  return { route, skip, count, ...column.fault }
}

/** Does the caller know for certain that nothing was done? */
export function isDefinite({ fault }: Column): boolean {
  if (fault === 'read-only') return true
  return fault !== 'lands-late' && fault.kind === 'status' && fault.status < 500
}

/** Is there no end of the call but a time limit? */
export const isSilent = ({ fault }: Column): boolean =>
  fault === 'lands-late' || (fault !== 'read-only' && fault.kind === 'hang')

/** A line for each call, a column for each fault: `ok`, `ok+1` (after one more check), or what was broken. */
export function renderMatrix(told: ReadonlyMap<Cell, string>): string {
  const wide = Math.max(...rows.map(({ call }) => call.length))
  const line = (first: string, rest: readonly string[]) =>
    [first.padEnd(wide), ...rest.map((text) => text.padEnd(12))].join('  ').trimEnd()
  const body = rows.map((each) =>
    line(
      each.call,
      columns.map((column) => {
        const cell = cells.find((one) => one.row === each && one.column === column)
        return (cell && told.get(cell)) ?? '-'
      }),
    ),
  )
  return [
    line(
      '',
      columns.map(({ name }) => name),
    ),
    ...body,
  ].join('\n')
}
