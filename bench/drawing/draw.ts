// What was measured as one drawing, for people who look before they read. The same results give the same bytes.

import type { machine } from '../machine.ts'
import type { Measured } from '../measured.ts'
import { COUNTS, KINDS, type Kind, memoryOf } from '../scale/sizes.ts'
import { type Bar, drawBars } from './bars.ts'
import { drawCurve } from './curve.ts'
import { element, escapeXml, type Figure, MARGIN, moved, SECOND_COLUMN, text, WIDTH } from './svg.ts'

/** Of one group, as bench/results has it. */
export interface Result {
  readonly machine: ReturnType<typeof machine>
  readonly rows: readonly Measured[]
}

export const DRAWN = ['vend', 'cold', 'scale'] as const
export type Results = Readonly<Partial<Record<(typeof DRAWN)[number], Result>>>

interface Section {
  readonly title: string
  /** Side by side; those without anything to show are left out. */
  readonly figures: readonly Figure[]
}

// On paper of its own: a page that is dark while the system is light would hide the ink.
const STYLE = `text { font: 12px system-ui, sans-serif; font-variant-numeric: tabular-nums; }
.title { font-size: 16px; font-weight: 600; } .head { font-size: 13px; font-weight: 600; }
.paper { fill: #ffffff; } .title, .head, .ink { fill: #1f2328; } .soft { fill: #59636e; } .bar { fill: #818b98; }
.curve { fill: none; stroke: #818b98; stroke-width: 2; } .axis { stroke: #d1d9e0; }
.range { stroke: #1f2328; } .target { stroke: #1f2328; stroke-width: 2; stroke-dasharray: 4 2; }
@media (prefers-color-scheme: dark) {
.paper { fill: #0d1117; } .title, .head, .ink { fill: #e6edf3; } .soft { fill: #9198a1; } .bar { fill: #656c76; }
.curve { stroke: #656c76; } .axis { stroke: #3d444d; } .range, .target { stroke: #e6edf3; }
}`

export function draw(results: Results): string {
  const sections = [vend(results.vend), cold(results.cold), scale(results.scale)].filter(hasFigures)
  const parts: string[] = []
  let y = MARGIN
  for (const { title, figures } of sections) {
    parts.push(text(MARGIN, y + 14, title, 'title'))
    figures.forEach((figure, at) => {
      parts.push(moved(at === 0 ? MARGIN : SECOND_COLUMN, y + 32, figure))
    })
    y += 32 + Math.max(...figures.map(({ height }) => height)) + 28
  }
  for (const said of footOf(results)) {
    parts.push(text(MARGIN, y + 10, said, 'soft'))
    y += 18
  }
  const height = y + MARGIN - 8
  const size = { width: WIDTH, height, viewBox: `0 0 ${WIDTH} ${height}` }
  return `${element(
    'svg',
    { xmlns: 'http://www.w3.org/2000/svg', ...size, role: 'img' },
    element('title', {}, escapeXml(`Keystile, measured: ${sections.map(({ title }) => title).join('; ')}`)),
    element('style', {}, STYLE),
    element('rect', { width: WIDTH, height, class: 'paper' }),
    ...parts,
  )}\n`
}

const hasFigures = ({ figures }: Section): boolean => figures.length > 0

/** @param name what is written beside the bar, in the first group. */
const barsOf = (result: Result | undefined, name: RegExp, floor?: string): Bar[] =>
  (result?.rows ?? []).flatMap((row) => {
    const [, label] = name.exec(row.what) ?? []
    return label === undefined || (floor !== undefined && row.floor !== floor) ? [] : [{ label, row }]
  })

const figuresOf = (...all: readonly Parameters<typeof drawBars>[0][]): Figure[] =>
  all.filter(({ bars }) => bars.length > 0).map(drawBars)

const vend = (result: Result | undefined): Section => ({
  title: 'A token from the cache, against a function that says hello',
  figures: figuresOf(
    { head: 'Answers in a second, × hello', unit: '×', bars: barsOf(result, /^vends, (.+)$/, 'hello') },
    { head: 'CPU time for one, × hello', unit: '×', bars: barsOf(result, /^CPU for a vend, (.+)$/, 'hello') },
  ),
})

const cold = (result: Result | undefined): Section => ({
  title: 'A fresh instance',
  figures: figuresOf(
    { head: 'Start to ready, × hello', unit: '×', bars: barsOf(result, /^(\w+): start to ready$/, 'hello') },
    {
      head: 'Loaded, when ready and after the first answer',
      unit: ' KiB',
      bars: barsOf(result, /^(\w+): loaded/).map(({ label, row }) => ({
        label: `${label}, ${row.what.includes('when ready') ? 'ready' : 'first answer'}`,
        row,
      })),
    },
  ),
})

const scale = (result: Result | undefined): Section => ({
  title: 'Memory as the fleet grows',
  figures: KINDS.flatMap((kind) => memory(kind, result?.rows ?? [])),
})

function memory(kind: Kind, rows: readonly Measured[]): Figure[] {
  const points = COUNTS.flatMap((count) => {
    const row = rows.find(({ what }) => what === memoryOf({ kind, count }))
    return row ? [{ count, row }] : []
  })
  return points.length === 0
    ? []
    : [drawCurve({ head: `Bytes for each ${kind}`, counted: `${kind}s that are known`, unit: ' B', points })]
}

function footOf(results: Results): string[] {
  const machines = DRAWN.flatMap((group) => {
    const { machine } = results[group] ?? {}
    return machine
      ? [`${machine.cores} × ${machine.model ?? 'unknown'}, Node ${machine.node}, ${machine.platform}`]
      : []
  })
  return [
    'Medians of all rounds; thin lines reach from the least to the most. In ratios, the upright line is hello.',
    ...new Set(machines),
  ]
}
