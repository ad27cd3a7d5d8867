// What a secret's metadata tells of trouble, without a key: what the next check will repair, or leave alone.

import { sameId } from '../common/account.ts'
import { recordedOwner } from './fleet-names.ts'
import type { History } from './history.ts'
import type { Terms } from './plan.ts'
import type { Account, SecretState } from './ports.ts'

/**
 * - `deleted`: the secret is soft-deleted; the next check asks it back.
 * - `disabled`: somebody disabled the newest version: their emergency stop.
 * - `tied`: two versions of one second contend for being the newest.
 * - `edited`: the newest version is ours, and somebody changed it afterwards.
 * - `not-ours`: the newest version was not written by Keystile.
 * - `local-auth`: a key is published, and the account takes none any more.
 * - `id`, `kind`, `region`, `subdomain`: of the account, other than what is published.
 */
export type Drift =
  | 'deleted'
  | 'disabled'
  | 'tied'
  | 'edited'
  | 'not-ours'
  | 'local-auth'
  | 'id'
  | 'kind'
  | 'region'
  | 'subdomain'

/** Why an account is not given the secret that it wants. `owner` is an ARM id, or the name of a deployment. */
export interface Refusal {
  /** `name_taken`: nothing is published yet, and another account of the fleet comes first. */
  readonly reason: 'secret_not_ours' | 'other_publisher' | 'name_taken'
  readonly owner?: string
}

/** @param secret of the account's own name. Empty where the secret is somebody else's: see `refusalOf`. */
export function driftOf(account: Account, secret: SecretState, history: History): readonly Drift[] {
  if (secret.kind === 'deleted') return ['deleted']
  const { newest, top, tiedAt, disabled } = history
  if (top.length === 0) return []
  if (disabled) return ['disabled']
  if (tiedAt !== undefined) return ['tied']
  if (newest === undefined) return [isEdited(secret, history) ? 'edited' : 'not-ours']
  const { place, kind, providerAddress, credentialId } = newest
  const drift: (Drift | false)[] = [
    account.localAuthDisabled && credentialId !== 'none' && 'local-auth',
    (providerAddress === undefined || !sameId(providerAddress, account.id)) && 'id',
    kind !== account.kind && 'kind',
    place?.region !== account.place.region && 'region',
    place?.subDomain !== account.place.subDomain && 'subdomain',
  ]
  return drift.filter((each) => each !== false)
}

/** The newest version has our tags and was changed since. A hand-written one was not, or has none of ours. */
function isEdited({ versions }: Extract<SecretState, { kind: 'versions' }>, { top }: History): boolean {
  const latest = Math.max(...versions.map(({ createdAt }) => createdAt.getTime()))
  const newest = versions.filter(({ createdAt }) => createdAt.getTime() === latest)
  return (
    newest.some(({ createdAt, updatedAt }) => updatedAt.getTime() !== createdAt.getTime()) &&
    top.some(({ record }) => record.publishedAt !== undefined && record.publisher !== undefined)
  )
}

/**
 * The rules of ownership, as far as they can be told without keys: an account that was moved shows as `secret_not_ours`
 * until its next check knows it by its key.
 */
export function refusalOf(
  account: Account,
  terms: Terms,
  secret: SecretState,
  history: History,
  owner: Account | undefined,
): Refusal | undefined {
  if (terms.takeOver) return undefined
  const recorded = recordedOwner(secret)
  const exists = secret.kind === 'deleted' || history.top.length > 0
  if (!exists) return owner && owner !== account ? { reason: 'name_taken', owner: owner.id } : undefined
  if (recorded === undefined) return { reason: 'secret_not_ours' }
  if (!sameId(recorded, account.id)) return { reason: 'secret_not_ours', owner: recorded }
  const publisher = history.top.find(({ record }) => record.publisher !== undefined)?.record.publisher
  if (publisher === undefined || publisher === terms.publisher) return undefined
  return { reason: 'other_publisher', owner: publisher }
}
