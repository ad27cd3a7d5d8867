// Each rule of the protocol is needed: with it taken out, the search finds a trace that breaks a promise.

import { type Removal, removals } from '../support/interleavings/rules.ts'
import { messages, scenario } from '../support/interleavings/scenarios.ts'
import { type Found, search, type Violation } from '../support/interleavings/search.ts'
import { printTable } from '../support/interleavings/table.ts'

jest.setTimeout(120_000)

const rows: (string | number)[][] = []

/** The first scenario that misses the rule gives the trace. */
async function firstTrace({ make, scenarios }: Removal): Promise<Violation | undefined> {
  const made = make()
  for (const each of scenarios) {
    const [violation] = (await search({ ...each, make: made }, { stopAtFirst: true })).violations
    if (violation) return violation
  }
  return undefined
}

const missed = removals.filter(({ unmissed }) => unmissed === undefined)
const unmissed = removals.filter((each) => each.unmissed !== undefined)

test.each(missed.map((each) => [each.rule, each] as const))('without "%s" a promise breaks', async (rule, removal) => {
  const violation = await firstTrace(removal)
  rows.push([rule, violation?.trace.length ?? '-', violation?.breaks ?? 'not found'])
  expect(violation?.breaks).toMatch(/^(P1|P2|P4|S|V|R|B|T|H) /)
})

test.each(unmissed.map((each) => [each.rule, each] as const))(
  'without "%s" nothing breaks within the bounds: a second net',
  async (rule, removal) => {
    rows.push([rule, '-', `not missed: ${removal.unmissed}`])
    expect(await firstTrace(removal)).toBeUndefined()
  },
)

test.each(unmissed.map((each) => [each.rule, each] as const))(
  'without a lease the same kinds of promises break with "%s" and without, in no fewer states',
  async (_rule, removal) => {
    const bare = { leaseless: true, shortLives: false, ticks: [], mostVersions: 3 } as const
    const each = scenario('due', [messages.check, messages.rotate], bare)
    const [having, lacking] = [await search(each), await search({ ...each, make: removal.make() })]
    const kinds = ({ violations }: Found) => violations.map(({ breaks }) => breaks).toSorted()
    expect(kinds(lacking)).toEqual(kinds(having))
    expect(lacking.states).toBeGreaterThanOrEqual(having.states)
  },
)

test('every rule is in the table', () => {
  printTable('Rule removed, and the shortest trace', [['rule', 'steps', 'breaks'], ...rows])
  expect(missed.length).toBe(21)
  expect(rows.length).toBe(removals.length)
})
