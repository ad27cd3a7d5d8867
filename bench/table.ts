// The table that people read.

import { isMet, type Measured, type Spread } from './measured.ts'

const HEAD = ['', 'median', '(from … to)', 'held against', '× it', '(from … to)', 'target', '']

const short = (value: number): string =>
  value === 0 ? '0' : value >= 1_000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)

const range = ({ least, most }: Spread) => (least === most ? '' : `(${short(least)} … ${short(most)})`)

function cellsOf(row: Measured): string[] {
  const { what, unit, value, floor = '', ratio, target } = row
  const wanted = target && ('atLeast' in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`)
  const met = isMet(row)
  return [
    what,
    `${short(value.median)}${unit === '' ? '' : ` ${unit}`}`,
    range(value),
    floor,
    ratio ? short(ratio.median) : '',
    ratio ? range(ratio) : '',
    wanted ?? '',
    met === undefined ? '' : met ? 'met' : 'MISSED',
  ]
}

export const print = (rows: readonly Measured[]): void => printTable([HEAD, ...rows.map(cellsOf)])

/** Columns as wide as their widest cell. */
export function printTable(table: readonly (readonly string[])[]): void {
  const widths = table[0]?.map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0))) ?? []
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd()
  for (const cells of table) console.log(line(cells))
}
