// Who owns a name. Two accounts may want the same secret: one gets it, and it is the same one every time.

import { type AccountId, parseAccountId, sameId } from '../common/account.ts'
import { AppError } from '../common/errors.ts'
import { readRecord } from '../common/record.ts'
import { discover, type FleetSettings, secretNameOf, termsOf } from './fleet.ts'
import { forEach } from './fleet-each.ts'
import { readHistory } from './history.ts'
import type { Account, AiAccounts, RecordStore, SecretState } from './ports.ts'

/** An account that wants a secret which is another's. */
export interface Rival {
  readonly account: Account
  /** Of the secret. */
  readonly name: string
  /** ARM id of the account that has it. */
  readonly owner: string
}

/** The ARM id that a secret says it belongs to: by its newest version, or by what a deleted one left behind. */
export function recordedOwner(secret: SecretState): string | undefined {
  if (secret.kind === 'deleted') return readRecord(secret.tags).providerAddress
  const { top } = readHistory(secret.versions, 0)
  return top.find(({ record }) => record.providerAddress !== undefined)?.record.providerAddress
}

/** Whether there is anything in the vault under that name. */
const exists = (secret: SecretState): boolean => secret.kind === 'deleted' || secret.versions.length > 0

/**
 * Which of several accounts gets a secret: the one that a setting lets take it over, else the one whose record it is,
 * else, where there is no secret yet, the one whose ARM id comes first.
 *
 * @returns `undefined` where the secret is nobody's of these: its own tags and the accounts' keys then decide, in the
 *   check of each, and at most one of them is let in.
 */
export function ownerAmong(
  settings: FleetSettings,
  rivals: readonly Account[],
  secret: SecretState,
): Account | undefined {
  const inOrder = rivals.toSorted((a, b) => (a.id.toLowerCase() < b.id.toLowerCase() ? -1 : 1))
  const recorded = recordedOwner(secret)
  return (
    inOrder.find((account) => termsOf(settings, account, account.tags).takeOver) ??
    inOrder.find((account) => recorded !== undefined && sameId(account.id, recorded)) ??
    (exists(secret) ? undefined : inOrder[0])
  )
}

/** By the names of their secrets. */
export const groupByName = (settings: FleetSettings, accounts: readonly Account[]): Map<string, Account[]> =>
  Map.groupBy(accounts, (account) => secretNameOf(settings, account, account.tags))

/** Finds the accounts that are refused their name. One look into the vault for each name that is wanted twice. */
export async function findRivals(
  deps: { store: RecordStore; settings: FleetSettings },
  accounts: readonly Account[],
): Promise<readonly Rival[]> {
  const rivals: Rival[] = []
  const wanted = [...groupByName(deps.settings, accounts)].filter(([, group]) => group.length > 1)
  await forEach(wanted, async ([name, group]) => {
    const owner = await findOwner(deps, name, group)
    if (owner === undefined) return
    for (const account of group) if (account !== owner) rivals.push({ account, name, owner: owner.id })
  })
  return rivals
}

/** A vault that gives no answer decides nothing: each check will see for itself. */
async function findOwner(
  { store, settings }: { store: RecordStore; settings: FleetSettings },
  name: string,
  group: readonly Account[],
): Promise<Account | undefined> {
  try {
    return ownerAmong(settings, group, await store.read(name))
  } catch (error) {
    if (error instanceof AppError) return undefined
    throw error
  }
}

export interface LookUpDeps {
  readonly accounts: AiAccounts
  readonly store: RecordStore
  readonly settings: FleetSettings
}

/**
 * Finds the account that callers know by this name. The secret itself says whose it is, so most look-ups are one call
 * to the vault and one to ARM; only a name that it does not settle takes a look through the whole fleet.
 *
 * @throws AppError when Azure refuses or does not answer.
 */
export async function findByName(deps: LookUpDeps, name: string): Promise<Account | undefined> {
  const { accounts, store, settings } = deps
  const secret = await store.read(name)
  const recorded = parseAccountId(recordedOwner(secret) ?? '')
  const answer = recorded && (await accounts.get(recorded))
  if (answer?.kind === 'found' && isNamed(settings, answer.account, name)) return answer.account
  const group = groupByName(settings, (await discover(deps)).accounts).get(name) ?? []
  return ownerAmong(settings, group, secret) ?? group[0]
}

const isNamed = (settings: FleetSettings, account: Account, name: string): boolean =>
  termsOf(settings, account, account.tags).enrolled && secretNameOf(settings, account, account.tags) === name

/** Finds the account that a message means: an ARM id at once, the name of a secret by looking it up. */
export const findAccount =
  (deps: LookUpDeps) =>
  async (named: { readonly account: string } | { readonly secret: string }): Promise<AccountId | undefined> =>
    'account' in named ? parseAccountId(named.account) : findByName(deps, named.secret)
