// What an operator sees of an account: read from ARM and the vault's metadata, never from a key.

import type { Slot } from '../common/account.ts'
import type { Clock } from '../common/clock.ts'
import { discover, type FleetSettings, secretNameOf, termsOf } from './fleet.ts'
import { readHistory } from './history.ts'
import { isHeld } from './plan.ts'
import { type PolicySettings, policyOf } from './policy.ts'
import type { Account, AiAccounts, RecordStore, SecretState } from './ports.ts'

/** Instants are ISO 8601 in UTC. What is not known is absent. */
export interface AccountStatus {
  /** The name that callers use: the secret's. */
  readonly account: string
  /** ARM id. */
  readonly id: string
  readonly kind: string
  readonly region: string
  readonly state: 'managed' | 'not-published' | 'foreign' | 'deleted' | 'local-auth-disabled'
  /** The slot that the published record names. */
  readonly liveSlot?: Slot
  readonly since?: string
  readonly due?: string
  readonly overdue?: boolean
  readonly graceUntil?: string
  readonly held: boolean
  /** Why the policy tags of this account are refused. */
  readonly badPolicy?: string
}

export interface StatusDeps {
  readonly accounts: AiAccounts
  readonly store: RecordStore
  readonly settings: FleetSettings
  readonly policy: PolicySettings
  readonly clock: Clock
}

/** The whole fleet, sorted by name. */
export const listStatus = (deps: StatusDeps) => async (): Promise<readonly AccountStatus[]> => {
  const { accounts } = await discover(deps)
  const list: AccountStatus[] = []
  for (const account of accounts) list.push(await statusOf(deps, account))
  return list.sort((a, b) => a.account.localeCompare(b.account))
}

/** One account by its name; `undefined` when the fleet has none of that name. */
export const getStatus =
  (deps: StatusDeps) =>
  async (name: string): Promise<AccountStatus | undefined> => {
    const { accounts } = await discover(deps)
    const account = accounts.find((each) => secretNameOf(deps.settings, each, each.tags) === name)
    return account && statusOf(deps, account)
  }

async function statusOf(deps: StatusDeps, account: Account): Promise<AccountStatus> {
  const name = secretNameOf(deps.settings, account, account.tags)
  return describe(deps, account, name, await deps.store.read(name))
}

function describe(deps: StatusDeps, account: Account, name: string, secret: SecretState): AccountStatus {
  const { skewMs } = termsOf(deps.settings, account, account.tags)
  const history = readHistory(secret.kind === 'versions' ? secret.versions : [], skewMs)
  const { newest, switchedAt } = history
  const policy = policyOf(account.tags, deps.policy)
  const status = {
    account: name,
    id: account.id,
    kind: account.kind,
    region: account.place.region,
    state: stateOf(account, secret, newest !== undefined),
    held: isHeld(account, history),
    ...(policy.kind === 'bad' ? { badPolicy: policy.reason } : {}),
  }
  const slot = newest?.credentialId
  if (slot === undefined || slot === 'none' || switchedAt === undefined) return status
  const live = { ...status, liveSlot: slot, since: switchedAt.toISOString() }
  if (policy.kind === 'bad') return live
  const graceUntil = new Date(switchedAt.getTime() + policy.graceMs)
  const rotateAt = new Date(switchedAt.getTime() + Math.max(policy.rotateEveryMs, policy.graceMs))
  const due = history.adopted ? graceUntil : rotateAt
  return { ...live, due: due.toISOString(), overdue: deps.clock.now() > due, graceUntil: graceUntil.toISOString() }
}

function stateOf(account: Account, secret: SecretState, ours: boolean): AccountStatus['state'] {
  if (account.localAuthDisabled && !ours) return 'local-auth-disabled'
  if (secret.kind === 'deleted') return 'deleted'
  if (secret.versions.length === 0) return 'not-published'
  return ours ? 'managed' : 'foreign'
}
