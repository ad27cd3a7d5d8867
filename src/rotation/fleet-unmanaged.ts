// Records whose account is no longer looked after: its tag was taken away, it was renamed or deleted. Left as they are.

import { parseAccountId, sameId } from '../common/account.ts'
import { type AccountRecord, readRecord } from '../common/record.ts'
import { type Discovery, type FleetSettings, secretNameOf, termsOf } from './fleet.ts'
import type { RecordIndex, SecretSummary } from './ports.ts'

export interface Unmanaged {
  /** Of the secret. */
  readonly name: string
  /** ARM id that the record names. */
  readonly account: string
  readonly record: AccountRecord
  readonly enabled: boolean
}

/**
 * Records of this deployment that no discovered account keeps up to date. What could not be looked at is not in here:
 * a subscription that gives no answer does not make its accounts unmanaged.
 *
 * @throws AppError when the vault gives no answer.
 */
export async function findUnmanaged(
  deps: { readonly records: RecordIndex; readonly settings: FleetSettings },
  discovery: Discovery,
): Promise<readonly Unmanaged[]> {
  const { settings } = deps
  const kept = new Map<string, string>()
  /** Names that a setting gives to an account which has them not yet. */
  const taken = new Set<string>()
  for (const account of discovery.accounts) {
    const name = secretNameOf(settings, account, account.tags)
    kept.set(account.id.toLowerCase(), name)
    if (termsOf(settings, account, account.tags).takeOver) taken.add(name)
  }
  const unmanaged: Unmanaged[] = []
  for await (const secret of deps.records.list()) {
    const found = readUnmanaged(settings, secret)
    if (!found || kept.get(found.account.toLowerCase()) === found.name || taken.has(found.name)) continue
    if (!isUnknown(discovery, found.account)) unmanaged.push(found)
  }
  return unmanaged
}

/** What there is to say of a record of this deployment; `undefined` for any other secret. */
export function readUnmanaged(settings: FleetSettings, { name, enabled, tags }: SecretSummary): Unmanaged | undefined {
  const record = readRecord(tags)
  const account = record.providerAddress
  if (account === undefined || record.publisher !== settings.publisher) return undefined
  return { name: name.toLowerCase(), account, record, enabled }
}

/** Whether nobody could tell if this account is still looked after. `gone` is an answer. */
export function isUnknown({ failed }: Discovery, id: string): boolean {
  const subscription = parseAccountId(id)?.subscription.toLowerCase()
  return failed.some(({ account, reason, ...place }) =>
    account === undefined
      ? place.subscription.toLowerCase() === subscription
      : reason !== 'gone' && sameId(account, id),
  )
}
