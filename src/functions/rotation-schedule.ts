// The timer: finds the accounts to look after and asks for one check of each.

import type { TimerHandler } from '@azure/functions'
import type { Discovery } from '../rotation/fleet.ts'
import { writeRecord } from './log.ts'

export const rotationScheduleHandler =
  (deps: { askForChecks: () => Promise<Discovery> }): TimerHandler =>
  async (_timer, context) => {
    const { accounts, failed } = await deps.askForChecks()
    for (const failure of failed) writeRecord((text) => context.error(text), 'discovery.failed', failure)
    writeRecord((text) => context.info(text), 'rotation.scheduled', {
      accounts: accounts.length,
      failed: failed.length,
    })
  }
