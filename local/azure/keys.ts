// Who owns a key, and from when it works: shared by Key Vault's journal, the STS and the data plane.

import { createHash } from 'node:crypto'
import type { Account, Key, Slot, World } from './world.ts'

/** A current key of an account. A key that was regenerated away belongs to nobody any more. */
export interface FoundKey {
  readonly account: Account
  readonly slot: Slot
  readonly key: Key
}

const slots: readonly Slot[] = ['key1', 'key2']

/** Lower-case hex SHA-256. */
export const fingerprint = (value: string): string => createHash('sha256').update(value).digest('hex')

/** Finds the account and slot whose current key is `value`, working already or not. */
export function findKey(world: World, value: string): FoundKey | undefined {
  for (const account of world.accounts.values()) {
    const slot = slots.find((candidate) => account.keys[candidate].value === value)
    if (slot) return { account, slot, key: account.keys[slot] }
  }
  return undefined
}

/** Whether the services accept the key by now: after a regenerate, propagation takes its time. */
export const worksBy = (key: Key, now: number): boolean => key.worksFrom <= now

/** Whether a key with this fingerprint still is one of the account's two. */
export const isCurrent = (account: Account, print: string): boolean =>
  slots.some((slot) => fingerprint(account.keys[slot].value) === print)

/** A location as it stands in host names: `West US 2` is `westus2`. The service echoes what it was given (contract A2). */
export const regionOf = (account: Pick<Account, 'location'>): string =>
  account.location.toLowerCase().replaceAll(' ', '')
