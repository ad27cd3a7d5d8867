// The record that Keystile keeps of an account: one secret, whose newest version's tags say what the value is.

import { normaliseRegion, parseAccountId, type Slot } from './account.ts'
import type { Place } from './cloud.ts'

/** Tag names. The first three are the convention of Microsoft's two-credential rotation tutorial (contract B5). */
export const tag = {
  credentialId: 'CredentialId',
  providerAddress: 'ProviderAddress',
  validityPeriodDays: 'ValidityPeriodDays',
  fingerprint: 'KeyFingerprint',
  sibling: 'SiblingFingerprint',
  region: 'Region',
  subDomain: 'SubDomain',
  kind: 'Kind',
  publishedAt: 'PublishedAt',
  publisher: 'Publisher',
} as const

export type Tags = Readonly<Record<string, string>>

/** What the tags of one version say, each part only where it is there and well formed. */
export interface AccountRecord {
  /** ARM id of the account. */
  readonly providerAddress?: string
  /** Which key the value is; `none` for an account that has no keys to use. */
  readonly credentialId?: Slot | 'none'
  /** SHA-256 of the value, lower-case hex. */
  readonly fingerprint?: string
  /** SHA-256 of the other slot's key at the time of writing. */
  readonly sibling?: string
  readonly place?: Place
  readonly kind?: string
  readonly publishedAt?: Date
  readonly publisher?: string
}

const HEX = /^[0-9a-f]{64}$/
const credentialIds: readonly string[] = ['key1', 'key2', 'none'] satisfies (Slot | 'none')[]
const isCredentialId = (text: string): text is Slot | 'none' => credentialIds.includes(text)

/** Reads tags that anybody may have written: what does not fit is absent. */
export function readRecord(tags: Tags): AccountRecord {
  const text = (name: string) => (tags[name] === '' ? undefined : tags[name])
  const hex = (name: string) => (HEX.test(tags[name] ?? '') ? tags[name] : undefined)
  const address = text(tag.providerAddress)
  const credentialId = text(tag.credentialId)?.toLowerCase()
  const [region, subDomain] = [text(tag.region), text(tag.subDomain)]
  const publishedAt = new Date(text(tag.publishedAt) ?? Number.NaN)
  return dropUndefined({
    providerAddress: address && parseAccountId(address) ? address : undefined,
    credentialId: credentialId !== undefined && isCredentialId(credentialId) ? credentialId : undefined,
    fingerprint: hex(tag.fingerprint),
    sibling: hex(tag.sibling),
    place:
      region === undefined
        ? undefined
        : { region: normaliseRegion(region), ...(subDomain === undefined ? {} : { subDomain }) },
    kind: text(tag.kind),
    publishedAt: Number.isNaN(publishedAt.getTime()) ? undefined : publishedAt,
    publisher: text(tag.publisher),
  })
}

/** The object without what is `undefined`, so that "absent" has one form. */
function dropUndefined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
