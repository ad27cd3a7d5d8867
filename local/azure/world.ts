// Everything that the stand-in remembers. Plain data: services change it, tests may look at it.

import { randomBytes } from 'node:crypto'
import { cloudOf } from './clouds.ts'
import type { Seed } from './seed.ts'

export type Slot = 'key1' | 'key2'

/** What can be turned while it runs, from the control API or by a test. */
export interface Switches {
  /** How long a regenerated key is refused before it works. The old one dies at once (contract fact 3). */
  propagationSeconds: number
  /** Life of an STS token. Azure's is 600. */
  tokenSeconds: number
  /** Nobody knows whether a token outlives the regeneration of its key (contract C4): for all, or for these accounts. */
  tokensDieWithKey: boolean | string[]
  /** Answer 429 when a bucket is empty; the rate-limit headers are sent either way. */
  throttling: boolean
  /** How long DELETE and recover of a secret take to show. */
  deletionSeconds: number
  /** Put an empty page with a next link before each page of a list, as the services sometimes do. */
  emptyPages: boolean
  /** How many accounts ARM puts on a page of a list. */
  accountsPerPage: number
  /** Token buckets, as today, or the older hourly allowance of 1,200 writes (contract A5). */
  armLimits: 'buckets' | 'hourly'
}

export const azureSwitches: Switches = {
  propagationSeconds: 0,
  tokenSeconds: 600,
  tokensDieWithKey: true,
  throttling: false,
  deletionSeconds: 0,
  emptyPages: false,
  accountsPerPage: 100,
  armLimits: 'buckets',
}

export interface Key {
  readonly value: string
  /** Epoch milliseconds from which the services accept it. */
  readonly worksFrom: number
}

export interface Account extends Omit<Seed['accounts'][number], 'keyLength'> {
  /** ARM id, in the case in which it was created. */
  readonly id: string
  readonly keyLength: 32 | 84
  readonly createdAt: number
  keys: Record<Slot, Key>
}

export interface SecretVersion {
  readonly version: string
  readonly value: string
  contentType?: string
  tags: Record<string, string>
  enabled: boolean
  /** Epoch seconds, as Key Vault keeps them. */
  notBefore?: number
  expires?: number
  readonly created: number
  updated: number
}

export interface StoredSecret {
  readonly name: string
  /** Oldest first; the last is what a read without a version answers. */
  readonly versions: SecretVersion[]
  /** Set while the secret is soft-deleted. */
  deleted?: { readonly at: number; readonly visibleFrom: number }
  /** Set while a recover is under way: epoch milliseconds at which the secret is readable again. */
  recoveredFrom?: number
}

export interface Vault {
  readonly name: string
  /** ARM id: the scope of its role assignments. */
  readonly id: string
  readonly location: string
  /** Its address, without a slash at the end. */
  readonly url: string
  /** By lower-case name. */
  readonly secrets: Map<string, StoredSecret>
}

/** An STS token that was handed out. Kept by its fingerprint; the token itself is nowhere. */
export interface IssuedToken {
  /** Lower-case ARM id. */
  readonly accountId: string
  /** The key it was exchanged for; absent when an Entra token was. */
  readonly key?: { readonly slot: Slot; readonly fingerprint: string }
  /** Epoch seconds. */
  readonly expires: number
}

/** One line of the journal: what happened, never a key or token. Fingerprints are SHA-256 in lower-case hex. */
export interface Entry {
  readonly at: number
  readonly route: string
  readonly host: string
  readonly status: number
  /** Who called, by the seed's name, where a bearer said so. */
  readonly principal?: string
  readonly [detail: string]: string | number | boolean | undefined
}

export interface World {
  readonly seed: Seed
  readonly switches: Switches
  readonly now: () => number
  /** By lower-case ARM id. */
  readonly accounts: Map<string, Account>
  /** By lower-case name. */
  readonly vaults: Map<string, Vault>
  readonly journal: Entry[]
  /** By SHA-256 of the token. */
  readonly stsTokens: Map<string, IssuedToken>
}

/** 32 lower-case hex, or 84 characters with the fixed marks of the new format (contract A2). */
export function makeKeyValue(length: 32 | 84): string {
  if (length === 32) return randomBytes(16).toString('hex')
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
  const letters = (count: number) => Array.from(randomBytes(count), (byte) => alphabet[byte % alphabet.length]).join('')
  return `${letters(52)}JQQJ99${letters(18)}ACOG${letters(4)}`
}

export const accountId = (subscription: string, resourceGroup: string, name: string) =>
  `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.CognitiveServices/accounts/${name}`

export function createWorld(seed: Seed, switches: Partial<Switches> = {}, now: () => number = Date.now): World {
  const accounts = seed.accounts.map((account): [string, Account] => {
    const id = accountId(account.subscription, account.resourceGroup, account.name)
    const key = () => ({ value: makeKeyValue(account.keyLength), worksFrom: 0 })
    return [id.toLowerCase(), { ...account, id, createdAt: now(), keys: { key1: key(), key2: key() } }]
  })
  const vaults = seed.vaults.map(({ name, subscription, resourceGroup, location }): [string, Vault] => {
    const id = `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.KeyVault/vaults/${name}`
    const url = `https://${name.toLowerCase()}.${cloudOf(seed).keyVault}`
    return [name.toLowerCase(), { name, id, location, url, secrets: new Map() }]
  })
  return {
    seed,
    switches: { ...azureSwitches, ...switches },
    now,
    accounts: new Map(accounts),
    vaults: new Map(vaults),
    journal: [],
    stsTokens: new Map(),
  }
}
