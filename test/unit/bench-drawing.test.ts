// The drawing of what was measured: XML, with the numbers, and the same again.

import { XMLValidator } from 'fast-xml-parser'
import { draw, type Result, type Results } from '../../bench/drawing/draw.ts'
import type { Measured, Target } from '../../bench/measured.ts'
import { memoryOf } from '../../bench/scale/sizes.ts'

const machine = { cores: 2, model: 'A & <B> "C"', memoryGigabytes: 8, node: 'v24.0.0', platform: 'linux x64' }
const of = (median: number) => ({ median, least: median * 0.9, most: median * 1.1 })
const resultOf = (...rows: Omit<Measured, 'group'>[]): Result => ({
  machine,
  rows: rows.map((row) => ({ group: 'any', ...row })),
})
const against = (what: string, floor: string, ratio: number, target?: Target) => ({
  ...{ what, unit: '', value: of(1), floor, ratio: of(ratio) },
  ...(target && { target }),
})

const everything: Results = {
  vend: resultOf(
    against('vends, 32 at once', 'hello', 0.912, { atLeast: 0.9 }),
    against('vends, 32 at once', 'node:http', 0.0777),
    against('CPU for a vend, 32 at once', 'hello', 1.31, { atMost: 1.2 }),
  ),
  cold: resultOf(against('vendor: start to ready', 'hello', 1.11, { atMost: 1.25 }), {
    what: 'vendor: loaded after the first answer, in 14 files',
    unit: 'KiB',
    value: { median: 659, least: 659, most: 659 },
    target: { atMost: 700 },
  }),
  scale: resultOf(
    { what: memoryOf({ kind: 'account', count: 10 }), unit: 'B', value: of(8_087) },
    { what: memoryOf({ kind: 'account', count: 10_000 }), unit: 'B', value: of(3_053.4) },
    { what: memoryOf({ kind: 'caller', count: 10 }), unit: 'B', value: of(1_008) },
  ),
}

const textsOf = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, said]) => said)

test.each<[string, Results]>([
  ['everything', everything],
  ['one group', { scale: everything.scale as Result }],
  ['a group without any of its rows', { vend: resultOf() }],
  ['nothing', {}],
])('of %s the drawing is XML, without a number that is none', (_, results) => {
  const svg = draw(results)
  expect(XMLValidator.validate(svg)).toBe(true)
  expect(svg).not.toMatch(/NaN|Infinity|undefined|<script|href/)
  expect(draw(structuredClone(results))).toBe(svg)
})

test('it has the numbers, the targets, and says which is missed', () => {
  const said = textsOf(draw(everything))
  expect(said).toEqual(
    expect.arrayContaining([
      '32 at once',
      '0.912×',
      'dashed: target, at least 0.9×',
      '1.31× missed',
      '1.11×',
      '659 KiB',
    ]),
  )
  expect(said).toEqual(expect.arrayContaining(['8,087 B', '3,053 B', '1,008 B', '10', '10,000']))
  expect(said.join()).not.toContain('0.0777')
})

test('text of the machine is escaped', () => {
  expect(textsOf(draw(everything)).join()).toContain('2 × A &amp; &lt;B&gt; &quot;C&quot;, Node v24.0.0, linux x64')
})

test('a bar is as long as its number', () => {
  const svg = draw({
    vend: resultOf(against('vends, a', 'hello', 1), against('vends, b', 'hello', 2)),
  })
  const [first = 0, second = 0] = [...svg.matchAll(/width="([\d.]+)" height="14"/g)].map(([, width]) => Number(width))
  expect(second / first).toBeCloseTo(2, 1)
})
