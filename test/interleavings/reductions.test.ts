// The search takes some histories of a run for one. Here pairs of them are run to their ends and compared.

import { disagreements } from '../support/interleavings/aliases.ts'
import { messages as m, scenario } from '../support/interleavings/scenarios.ts'
import { programsOf, search } from '../support/interleavings/search.ts'

jest.setTimeout(120_000)

test.each([
  ['check', scenario('due', [m.check, m.check], { humans: 1, losses: 1, mostVersions: 3 })],
  ['rotate', scenario('grace', [m.rotate, m.rotate], { humans: 1, losses: 1, mostVersions: 3 })],
  ['revoke', scenario('due', [m.revokeBoth, m.check], { humans: 1, losses: 1, mostVersions: 3 })],
  ['revoke that finds nothing published', scenario('fresh', [m.revokeLive, m.check], { mostVersions: 3 })],
])('histories of a %s that were taken for one do the same', async (_name, each) => {
  const programs = programsOf(each)
  await search(each, { programs })
  const [program] = programs
  const pairs = program?.aliases ?? []
  expect(pairs.length).toBeGreaterThanOrEqual(100)
  for (const pair of pairs) if (program) expect(await disagreements(program, pair)).toEqual([])
})
