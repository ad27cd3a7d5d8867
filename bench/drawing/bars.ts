// Bars that lie one below the other: the median, the range of all rounds, and the target where there is one.

import { isMet, type Measured, type Spread } from '../measured.ts'
import { COLUMN, element, type Figure, line, shown, text } from './svg.ts'

export interface Bar {
  readonly label: string
  readonly row: Measured
}

export interface Bars {
  readonly head: string
  /** `×`: the ratio is drawn, and where it is 1. */
  readonly unit: '×' | ' KiB'
  readonly bars: readonly Bar[]
}

const HEAD_HEIGHT = 46
const ROW_HEIGHT = 24
const BAR_HEIGHT = 14
const LABEL_WIDTH = 128
/** For what stands behind the longest bar. */
const SAID_WIDTH = 92
const LENGTH = COLUMN - LABEL_WIDTH - SAID_WIDTH

const drawnOf = ({ unit }: Bars, { value, ratio }: Measured): Spread => (unit === '×' ? (ratio ?? value) : value)

const limitOf = ({ target }: Measured): number | undefined =>
  target && ('atLeast' in target ? target.atLeast : target.atMost)

const wanted = (unit: Bars['unit'], { target }: Measured): string[] =>
  target ? [`${'atLeast' in target ? `at least ${target.atLeast}` : `at most ${target.atMost}`}${unit}`] : []

export function drawBars(given: Bars): Figure {
  const { head, unit, bars } = given
  const longest = Math.max(...bars.flatMap(({ row }) => [drawnOf(given, row).most, limitOf(row) ?? 0]))
  const x = (value: number) => LABEL_WIDTH + (value / longest) * LENGTH
  const bottom = HEAD_HEIGHT + bars.length * ROW_HEIGHT
  const targets = [...new Set(bars.flatMap(({ row }) => wanted(unit, row)))]
  const note = targets.length === 0 ? '' : `dashed: target, ${targets.join(' or ')}`
  return {
    height: bottom,
    parts: [
      text(0, 14, head, 'head'),
      ...(note === '' ? [] : [text(0, 32, note, 'soft')]),
      line(x(0), HEAD_HEIGHT, x(0), bottom, 'axis'),
      ...(unit === '×' && longest >= 1 ? [line(x(1), HEAD_HEIGHT, x(1), bottom, 'axis')] : []),
      ...bars.flatMap(({ label, row }, at) => drawBar(given, label, row, HEAD_HEIGHT + at * ROW_HEIGHT, x)),
    ],
  }
}

function drawBar(given: Bars, label: string, row: Measured, top: number, x: (value: number) => number): string[] {
  const { median, least, most } = drawnOf(given, row)
  const limit = limitOf(row)
  const [middle, upper] = [top + ROW_HEIGHT / 2, top + (ROW_HEIGHT - BAR_HEIGHT) / 2]
  const said = `${shown(median)}${given.unit}${isMet(row) === false ? ' missed' : ''}`
  const end = Math.max(x(most), limit === undefined ? 0 : x(limit))
  return [
    text(LABEL_WIDTH - 8, middle + 4, label, 'ink', 'end'),
    element('rect', { x: x(0), y: upper, width: x(median) - x(0), height: BAR_HEIGHT, class: 'bar' }),
    ...(least === most ? [] : [line(x(least), middle, x(most), middle, 'range')]),
    ...(limit === undefined ? [] : [line(x(limit), top + 1, x(limit), top + ROW_HEIGHT - 1, 'target')]),
    text(end + 8, middle + 4, said, 'ink'),
  ]
}
