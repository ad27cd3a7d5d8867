// One round over the fleet: asks for a check of each account, and says what it came across.

import { AppError } from '../common/errors.ts'
import { type Discovery, discover } from './fleet.ts'
import { forEach } from './fleet-each.ts'
import { findRivals, type LookUpDeps, type Rival } from './fleet-names.ts'
import { findUnmanaged, type Unmanaged } from './fleet-unmanaged.ts'
import type { CheckMessage, Outbox, RecordIndex } from './ports.ts'
import { spreadDelay, spreadWindow } from './spread.ts'

export interface RoundDeps extends LookUpDeps {
  readonly records: RecordIndex
  readonly checks: Outbox<CheckMessage>
  /** Shortest time between two rounds, in milliseconds. */
  readonly everyMs: number
}

export interface Round extends Discovery {
  /** How many checks were asked for. */
  readonly asked: number
  /** ARM ids of accounts whose check could not be asked for, with the reason; the next round asks again. */
  readonly unasked: readonly { readonly account: string; readonly reason: string }[]
  /** Accounts that are not checked, because the name that they want is another's. */
  readonly rivals: readonly Rival[]
  /** `undefined` when the vault could not be looked through. */
  readonly unmanaged: readonly Unmanaged[] | undefined
}

/**
 * Asks for one check per account of the fleet, spread over the time until the next round. What fails stops only itself.
 * Two rounds at once, or one that runs twice, ask twice: a check that a later run has answered is not run again.
 */
export const askForChecks = (deps: RoundDeps) => async (): Promise<Round> => {
  const discovery = await discover(deps)
  const rivals = await findRivals(deps, discovery.accounts)
  const refused = new Set(rivals.map(({ account }) => account))
  const wanted = discovery.accounts.filter((account) => !refused.has(account))
  const windowMs = spreadWindow(wanted.length, deps.everyMs)
  const unasked: Round['unasked'][number][] = []
  await forEach(wanted, async ({ id }) => {
    const reason = await reasonOf(() => deps.checks.send({ account: id }, spreadDelay(id, windowMs)))
    if (reason !== undefined) unasked.push({ account: id, reason })
  })
  const unmanaged = await attempt(() => findUnmanaged(deps, discovery))
  return { ...discovery, asked: wanted.length - unasked.length, unasked, rivals, unmanaged }
}

async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
  let result: T | undefined
  await reasonOf(async () => {
    result = await work()
  })
  return result
}

/** Why it failed, in words that may be logged; `undefined` when it did not. */
async function reasonOf(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    if (error instanceof AppError) return error.message
    throw error
  }
}
