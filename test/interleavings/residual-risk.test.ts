// Without the timing rule: what may happen if a lease ends under a write, or a write lands after the quarantine. It is
// the documented residual risk, and every trace of it heals.

import { messages as m, scenario } from '../support/interleavings/scenarios.ts'
import { type Found, search } from '../support/interleavings/search.ts'
import { printTable } from '../support/interleavings/table.ts'

jest.setTimeout(120_000)

const outlive = { leasesHold: false, shortLives: false, mostVersions: 3, ticks: [] } as const
const late = { landsInTime: false, losses: 1, mostVersions: 4 } as const
const found: Found[] = []

const LIVE = 'P1 a key that is live is regenerated, as the world is'
const GRACE = 'P1 a key that is in grace is regenerated, as the world is'
const READERS = 'P4 readers of the newest version hold a dead key'

test.each([
  ['a lease ends under a write', [m.check, m.check], outlive, [LIVE, READERS]],
  ['a lease ends under a write', [m.check, m.rotate], outlive, [LIVE, READERS]],
  ['a lease ends under a write', [m.check, m.revokeBoth], outlive, [LIVE, READERS]],
  ['a write lands late', [m.check, m.check], late, [GRACE, LIVE, READERS]],
  ['a write lands late', [m.check, m.rotate], late, [GRACE, LIVE, READERS]],
  ['a write lands late', [m.check, m.revokeLive], late, [GRACE, LIVE, READERS]],
])('where %s, nothing is broken but this, and one more check heals it: %j', async (name, requests, change, kinds) => {
  const result = await search(scenario('due', requests, change))
  found.push({ ...result, scenario: `${name}, ${result.scenario}` })
  // That one more check does not heal would be a kind of its own, `H`.
  expect(result.violations.map(({ breaks }) => breaks).toSorted()).toEqual(kinds)
})

test('the residual risk is listed, each kind with a shortest trace', () => {
  const all = found.flatMap(({ scenario: name, violations }) => violations.map((each) => ({ name, ...each })))
  printTable('Without the timing rule', [
    ['broken', 'scenario', 'times', 'shortest, in steps'],
    ...all.map(({ breaks, name, count, trace }) => [breaks, name, count, trace.length]),
  ])
  for (const kind of [LIVE, GRACE, READERS]) {
    const [shortest] = all.filter(({ breaks }) => breaks === kind).toSorted((a, b) => a.trace.length - b.trace.length)
    printTable(
      kind,
      (shortest?.trace ?? []).map((step, at) => [`${at + 1}.`, step]),
    )
  }
  expect(all.length).toBeGreaterThanOrEqual(15)
})
