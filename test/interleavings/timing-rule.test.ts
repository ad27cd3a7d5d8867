// Under the timing rule no interleaving breaks a promise: every state that these scenarios can reach is looked at.

import type { HistoryName } from '../support/interleavings/material.ts'
import { messages as m, scenario } from '../support/interleavings/scenarios.ts'
import { search } from '../support/interleavings/search.ts'
import { provesUnbroken } from '../support/interleavings/unbroken.ts'
import type { Scenario } from '../support/interleavings/world.ts'

const lost = { losses: 1 } as const
/** Where nothing is published yet, a check and a revoke may outdo each other within one second, over and over. */
const lostAt = (history: HistoryName) => (history === 'fresh' ? { ...lost, mostVersions: 4 } : lost)
const histories = ['due', 'fresh', 'grace'] as const
const pairs = [
  [m.check, m.check],
  [m.check, m.rotate],
  [m.check, m.revokeLive],
  [m.check, m.revokeBoth],
  [m.rotate, m.revokeIdle],
]

/** A lost answer that lands late, leases that end at any time, two ticks. A crash is a lease that ends. */
const faults = histories.flatMap((history) => pairs.map((pair) => scenario(history, pair, lostAt(history))))

/** Three messages at once; the edge of the grace; runs that are followed beyond the end of their lease, and crashes. */
const others: readonly Scenario[] = [
  scenario('due', [m.check, m.rotate, m.revokeLive], lost),
  scenario('due', [m.check, m.check], { ...lost, ticks: ['second', 'almost'] }),
  scenario('grace', [m.check, m.rotate], { ...lost, ticks: ['second', 'almost'] }),
  scenario('due', [m.check, m.check], { ...lost, shortLives: false }),
  scenario('due', [m.check, m.check], { crashes: 1, shortLives: false }),
]

provesUnbroken('Interleavings under the timing rule', [...faults, ...others], 150_000)

test('a search that is made again finds the same', async () => {
  const again = scenario('due', [m.check, m.rotate], lost)
  expect(await search(again)).toEqual(await search(again))
})
