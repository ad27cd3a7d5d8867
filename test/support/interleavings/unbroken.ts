// The tests of a table of scenarios in which nothing may break, and the table of what was searched.

import { type Found, search } from './search.ts'
import { printTable } from './table.ts'
import type { Scenario } from './world.ts'

/** @param atLeast the states that the scenarios must have between them: a search that looks at nothing proves nothing. */
export function provesUnbroken(title: string, scenarios: readonly Scenario[], atLeast: number): void {
  jest.setTimeout(120_000)
  const found: Found[] = []
  const rows: (string | number)[][] = []

  describe(`${title}: nothing breaks, and one more check heals`, () => {
    test.each(scenarios.map((each) => [each.name, each] as const))('%s', async (name, each) => {
      const startedAt = performance.now()
      const result = await search(each)
      const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
      found.push(result)
      rows.push([name, result.states, result.steps, result.ends, result.cut, seconds])
      expect(result.violations).toEqual([])
      expect(result.ends).toBeGreaterThan(0)
      // Only where versions pile up is a world not gone on from.
      expect(result.cut).toBeLessThan(result.states / 10)
    })

    test('every scenario was searched, and the states add up', () => {
      const sum = (of: (each: Found) => number) => found.reduce((total, each) => total + of(each), 0)
      const states = sum((each) => each.states)
      const all = [states, sum((each) => each.steps), sum((each) => each.ends), sum((each) => each.cut), '']
      printTable(title, [['scenario', 'states', 'steps', 'ends', 'cut', 'seconds'], ...rows, ['all', ...all]])
      expect(found.length).toBe(scenarios.length)
      expect(states).toBeGreaterThan(atLeast)
    })
  })
}
