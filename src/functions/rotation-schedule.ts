// The timer: finds the accounts to look after and asks for one check of each.

import type { TimerHandler } from '@azure/functions'
import type { Round } from '../rotation/fleet-round.ts'
import { writeRecord } from './log.ts'

export const rotationScheduleHandler =
  (deps: { askForChecks: () => Promise<Round> }): TimerHandler =>
  async (_timer, context) => {
    const { accounts, failed, asked, unasked, rivals, unmanaged } = await deps.askForChecks()
    const error = (name: string, fields: object) => writeRecord((text) => context.error(text), name, fields)
    const warn = (name: string, fields: object) => writeRecord((text) => context.warn(text), name, fields)
    for (const failure of failed) error('discovery.failed', failure)
    for (const each of unasked) error('check.unasked', each)
    for (const { account, name, owner } of rivals) warn('name.refused', { account: account.id, secret: name, owner })
    for (const { account, name } of unmanaged ?? []) warn('record.unmanaged', { account, secret: name })
    writeRecord((text) => context.info(text), 'rotation.scheduled', {
      accounts: accounts.length,
      asked,
      failed: failed.length,
      rivals: rivals.length,
      unmanaged: unmanaged?.length ?? 'unknown',
    })
  }
