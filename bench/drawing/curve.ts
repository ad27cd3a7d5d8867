// A value over counts that grow tenfold from one to the next.

import { isMet, type Measured } from '../measured.ts'
import { COLUMN, element, type Figure, line, shown, text } from './svg.ts'

export interface Point {
  readonly count: number
  readonly row: Measured
}

export interface Curve {
  readonly head: string
  /** What is counted below. */
  readonly counted: string
  readonly unit: string
  readonly points: readonly Point[]
}

const TOP = 54
const HEIGHT = 120
const BOTTOM = TOP + HEIGHT
const SIDE = 32

export function drawCurve({ head, counted, unit, points }: Curve): Figure {
  const logs = points.map(({ count }) => Math.log10(count))
  const [first, last] = [Math.min(...logs), Math.max(...logs)]
  const most = Math.max(...points.map(({ row }) => row.value.most))
  const x = (count: number) => SIDE + ((Math.log10(count) - first) / Math.max(1, last - first)) * (COLUMN - 2 * SIDE)
  const y = (value: number) => BOTTOM - (value / most) * HEIGHT
  return {
    height: BOTTOM + 40,
    parts: [
      text(0, 14, head, 'head'),
      line(0, BOTTOM, COLUMN, BOTTOM, 'axis'),
      element('polyline', {
        points: points.map(({ count, row }) => pair(x(count), y(row.value.median))).join(' '),
        class: 'curve',
      }),
      ...points.flatMap(({ count, row }, at) => {
        const { median, least, most } = row.value
        const said = `${shown(median)}${unit}${isMet(row) === false ? ' missed' : ''}`
        return [
          line(x(count), y(least), x(count), y(most), 'range'),
          element('circle', { cx: x(count), cy: y(median), r: 3.5, class: 'bar' }),
          // To the right, where a curve that falls leaves room.
          at === points.length - 1
            ? text(x(count), y(most) - 8, said, 'ink', 'middle')
            : text(x(count) - 4, y(most) - 8, said, 'ink'),
          text(x(count), BOTTOM + 16, shownCount(count), 'ink', 'middle'),
        ]
      }),
      text(COLUMN / 2, BOTTOM + 33, counted, 'soft', 'middle'),
    ],
  }
}

const pair = (x: number, y: number): string => `${x.toFixed(1)},${y.toFixed(1)}`
const shownCount = (count: number): string => (count < 100 ? String(count) : shown(count))
