// What an operator sees of the fleet: read from ARM, the vault's metadata and the lease blobs, never from a key.

import type { Slot } from '../common/account.ts'
import type { Clock } from '../common/clock.ts'
import type { Cloud } from '../common/cloud.ts'
import { AppError } from '../common/errors.ts'
import { type RegionWarning, regionWarnings } from '../common/regions.ts'
import { discover, type Failure, termsOf } from './fleet.ts'
import { forEach } from './fleet-each.ts'
import { findByName, groupByName, type LookUpDeps, ownerAmong } from './fleet-names.ts'
import { findUnmanaged, isUnknown, readUnmanaged, type Unmanaged } from './fleet-unmanaged.ts'
import { readHistory } from './history.ts'
import { keyAgeOf } from './key-age.ts'
import { isHeld } from './plan.ts'
import { type PolicySettings, policyOf } from './policy.ts'
import type { Account, RecordIndex, RunNotes, SecretState } from './ports.ts'
import { type Drift, driftOf, type Refusal, refusalOf } from './status-drift.ts'
import { type LastRun, readNote } from './status-note.ts'

/**
 * - `managed`: the newest version of its secret is ours.
 * - `not-published`: there is no such secret yet.
 * - `adoptable`: the secret is the account's, and its newest version is not one that Keystile wrote, or left as it was:
 *   the next check proves and publishes.
 * - `foreign`: the secret is somebody else's, and is left as it is; `refused` says whose.
 * - `deleted`: the secret is soft-deleted; the next check asks it back.
 * - `local-auth-disabled`: the account takes no keys.
 * - `unmanaged`: a record of this deployment whose account is no longer looked after, and which nobody keeps up to date.
 * - `unknown`: the vault gave no answer for this one.
 */
export type State =
  | 'managed'
  | 'not-published'
  | 'adoptable'
  | 'foreign'
  | 'deleted'
  | 'local-auth-disabled'
  | 'unmanaged'
  | 'unknown'

/** Instants are ISO 8601 in UTC. What is not known is absent. */
export interface AccountStatus {
  /** The name that callers use: the secret's. */
  readonly account: string
  /** ARM id. */
  readonly id: string
  readonly kind: string
  readonly region: string
  readonly state: State
  /** The slot that the published record names. */
  readonly liveSlot?: Slot
  readonly since?: string
  readonly due?: string
  /** Later than due by more than the time between two checks. */
  readonly overdue?: boolean
  /** Until when the key that was replaced stays valid at the least. */
  readonly graceUntil?: string
  /** Paused by the tag, or by somebody who disabled the newest version. */
  readonly held: boolean
  /** Why the policy tags of this account are refused. */
  readonly badPolicy?: string
  readonly refused?: Refusal
  /** Empty when nothing is amiss. */
  readonly drift: readonly Drift[]
  /** What may not work, and is tried all the same. Empty when there is nothing to say. */
  readonly warnings: readonly RegionWarning[]
  /** Absent when there was none, or it did not end in order. */
  readonly lastRun?: LastRun
}

export interface FleetStatus {
  /** Sorted by name. */
  readonly accounts: readonly AccountStatus[]
  /** What could not be looked at; the accounts there are missing. */
  readonly failed: readonly Failure[]
}

export interface StatusDeps extends LookUpDeps {
  readonly records: RecordIndex
  readonly notes: RunNotes
  readonly policy: PolicySettings
  readonly clock: Clock
  /** Longest time between two checks of an account, in milliseconds. */
  readonly checkEveryMs: number
  readonly cloud: Cloud
}

/** The whole fleet. @throws AppError when the vault as a whole gives no answer. */
export const listStatus = (deps: StatusDeps) => async (): Promise<FleetStatus> => {
  const discovery = await discover(deps)
  const list: AccountStatus[] = []
  await forEach([...groupByName(deps.settings, discovery.accounts)], async ([name, group]) => {
    list.push(...(await statusOfGroup(deps, name, group)))
  })
  const unmanaged = await findUnmanaged(deps, discovery)
  await forEach(unmanaged, async (record) => void list.push(await statusOfUnmanaged(deps, record)))
  const order = ({ account, id }: AccountStatus) => `${account} ${id.toLowerCase()}`
  return { accounts: list.sort((a, b) => (order(a) < order(b) ? -1 : 1)), failed: discovery.failed }
}

/** One account by its name; `undefined` when there is none of that name. Where two want it: the one that has it. */
export const getStatus =
  (deps: StatusDeps) =>
  async (name: string): Promise<AccountStatus | undefined> => {
    const account = await findByName(deps, name)
    if (account === undefined) return getUnmanaged(deps, name)
    const [status] = await statusOfGroup(deps, name, [account])
    return status
  }

/** A record without an account: unmanaged, or nobody could tell. */
async function getUnmanaged(deps: StatusDeps, name: string): Promise<AccountStatus | undefined> {
  const secret = await deps.store.read(name)
  const newest = secret.kind === 'versions' ? newestOf(secret.versions) : undefined
  const unmanaged = newest && readUnmanaged(deps.settings, { ...newest, name })
  if (!unmanaged) return undefined
  const status = await statusOfUnmanaged(deps, unmanaged)
  return isUnknown(await discover(deps), unmanaged.account) ? { ...status, state: 'unknown' } : status
}

const newestOf = (versions: Extract<SecretState, { kind: 'versions' }>['versions']) =>
  versions.toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime())[0]

async function statusOfUnmanaged(deps: StatusDeps, unmanaged: Unmanaged): Promise<AccountStatus> {
  const { name, account, record, enabled } = unmanaged
  const slot = record.credentialId
  const where = { kind: record.kind ?? '', region: record.place?.region ?? '' }
  return {
    account: name,
    id: account,
    ...where,
    state: 'unmanaged',
    ...(slot === undefined || slot === 'none' ? {} : { liveSlot: slot }),
    held: !enabled,
    drift: enabled ? [] : ['disabled'],
    warnings: regionWarnings(deps.cloud, where),
    ...lastRunOf(await deps.notes.read(name), account),
  }
}

/** The accounts that want one secret: nearly always one. */
async function statusOfGroup(deps: StatusDeps, name: string, group: readonly Account[]): Promise<AccountStatus[]> {
  const [secret, note] = await Promise.all([readSecret(deps, name), deps.notes.read(name)])
  const owner = secret && ownerAmong(deps.settings, group, secret)
  return group.map((account) => ({
    ...describe(deps, account, name, secret, owner),
    ...lastRunOf(note, account.id),
  }))
}

function lastRunOf(note: object | undefined, id: string): Pick<AccountStatus, 'lastRun'> {
  const lastRun = readNote(note, id)
  return lastRun ? { lastRun } : {}
}

/** One secret that cannot be read must not hide the others. */
async function readSecret({ store }: StatusDeps, name: string): Promise<SecretState | undefined> {
  try {
    return await store.read(name)
  } catch (error) {
    if (error instanceof AppError) return undefined
    throw error
  }
}

function describe(
  deps: StatusDeps,
  account: Account,
  name: string,
  secret: SecretState | undefined,
  owner: Account | undefined,
): AccountStatus {
  const terms = termsOf(deps.settings, account, account.tags)
  const history = readHistory(secret?.kind === 'versions' ? secret.versions : [], terms.skewMs)
  const policy = policyOf(account.tags, deps.policy)
  const refused = secret && refusalOf(account, terms, secret, history, owner)
  const status: AccountStatus = {
    account: name,
    id: account.id,
    kind: account.kind,
    region: account.place.region,
    state: secret ? stateOf(account, secret, history, refused) : 'unknown',
    held: isHeld(account, history),
    drift: secret && !refused ? driftOf(account, secret, history) : [],
    warnings: regionWarnings(deps.cloud, { kind: account.kind, region: account.place.region }),
    ...(refused ? { refused } : {}),
    ...(policy.kind === 'bad' ? { badPolicy: policy.reason } : {}),
  }
  const { newest, switchedAt } = history
  const slot = newest?.credentialId
  if (refused || slot === undefined || slot === 'none' || switchedAt === undefined) return status
  const live = { ...status, liveSlot: slot, since: switchedAt.toISOString() }
  const age = keyAgeOf(history, policy, { now: deps.clock.now(), checkEveryMs: deps.checkEveryMs })
  if (age === undefined) return live
  const { due, overdue, graceUntil } = age
  return { ...live, due: due.toISOString(), overdue, graceUntil: graceUntil.toISOString() }
}

function stateOf(
  account: Account,
  secret: SecretState,
  { newest, top, disabled }: ReturnType<typeof readHistory>,
  refused: Refusal | undefined,
): State {
  if (refused && refused.reason !== 'name_taken') return 'foreign'
  if (account.localAuthDisabled && newest === undefined) return 'local-auth-disabled'
  if (secret.kind === 'deleted') return 'deleted'
  if (top.length === 0) return 'not-published'
  return newest !== undefined || disabled ? 'managed' : 'adoptable'
}
