// Under the timing rule, and with a human who regenerates a key, publishes a version or disables the newest one by hand at
// any moment: no promise is broken that the human did not break, and one more check heals that as well.

import { messages as m, scenario } from '../support/interleavings/scenarios.ts'
import { provesUnbroken } from '../support/interleavings/unbroken.ts'

/** One act by hand, one lost answer that lands late, leases that end at any time, two ticks. */
const hands = { humans: 1, losses: 1, mostVersions: 4 } as const

provesUnbroken(
  'Interleavings with a human, under the timing rule',
  [
    scenario('due', [m.check, m.check], hands),
    scenario('due', [m.check, m.rotate], hands),
    scenario('due', [m.check, m.revokeLive], { ...hands, mostVersions: 3 }),
    scenario('due', [m.check, m.revokeBoth], { ...hands, losses: 0 }),
    scenario('fresh', [m.check, m.check], hands),
    scenario('grace', [m.check, m.rotate], hands),
    scenario('grace', [m.check, m.revokeLive], hands),
    scenario('due', [m.check, m.check], { humans: 1, hands: ['tutorial', 'backup', 'again'], mostVersions: 3 }),
    scenario('grace', [m.check, m.revokeBoth], { humans: 1, hands: ['again'], mostVersions: 4 }),
    // The emergency stop: nothing is published over a version that was disabled before the publish was sent.
    scenario('due', [m.check, m.rotate], { humans: 1, hands: ['disable'], mostVersions: 3 }),
    scenario('due', [m.check, m.revokeLive], { humans: 1, hands: ['disable'], mostVersions: 3 }),
  ],
  250_000,
)
