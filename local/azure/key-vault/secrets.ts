// The life of a secret: there, being deleted, deleted, being recovered, there again. Deleting and recovering take
// time in reality (contract B4), and refuse different things meanwhile.

import { randomBytes } from 'node:crypto'
import type { SecretVersion, StoredSecret, Vault } from '../world.ts'
import {
  beingDeleted,
  beingRecovered,
  deletedButRecoverable,
  deletedSecretNotFound,
  secretNotFound,
} from './answers.ts'
import type { NewSecret, SecretProperties } from './input.ts'

export type Presence = 'absent' | 'here' | 'being-deleted' | 'deleted' | 'being-recovered'

/** Names are compared without regard to case. */
export const lookUp = (vault: Vault, name: string): StoredSecret | undefined => vault.secrets.get(name.toLowerCase())

/** Where the secret stands at `now` (epoch milliseconds). Tidies up a recover that has come to its end. */
export function presenceOf(secret: StoredSecret | undefined, now: number): Presence {
  if (!secret) return 'absent'
  if (secret.recoveredFrom !== undefined && secret.recoveredFrom <= now) {
    delete secret.deleted
    delete secret.recoveredFrom
  }
  if (!secret.deleted) return 'here'
  if (now < secret.deleted.visibleFrom) return 'being-deleted'
  return secret.recoveredFrom === undefined ? 'deleted' : 'being-recovered'
}

/** A secret to read. Until a recover is through, and from the first moment of a delete, it is not found. */
export function readable(vault: Vault, name: string, now: number): StoredSecret {
  const secret = lookUp(vault, name)
  if (!secret || presenceOf(secret, now) !== 'here') throw secretNotFound(name)
  return secret
}

/** What a set adds a version to, or `undefined` where the name is free. @throws Refusal 409 while it is taken. */
function writable(vault: Vault, name: string, now: number): StoredSecret | undefined {
  const secret = lookUp(vault, name)
  switch (presenceOf(secret, now)) {
    case 'absent':
    case 'here':
      return secret
    case 'being-deleted':
      throw beingDeleted()
    case 'being-recovered':
      throw beingRecovered(name)
    case 'deleted':
      throw deletedButRecoverable(name)
  }
}

/** A secret to update or delete. @throws Refusal 404 where there is none, 409 while something is under way. */
export function existing(vault: Vault, name: string, now: number): StoredSecret {
  const secret = lookUp(vault, name)
  const presence = presenceOf(secret, now)
  if (presence === 'being-deleted') throw beingDeleted()
  if (presence === 'being-recovered') throw beingRecovered(name)
  if (!secret || presence !== 'here') throw secretNotFound(name)
  return secret
}

/** A deleted secret to look at: not visible until the delete is through. */
export function deletedAndVisible(vault: Vault, name: string, now: number): StoredSecret {
  const secret = lookUp(vault, name)
  const presence = presenceOf(secret, now)
  if (secret && (presence === 'deleted' || presence === 'being-recovered')) return secret
  throw deletedSecretNotFound(name)
}

/** A deleted secret to recover or purge. @throws Refusal 404 where there is none, 409 while something is under way. */
export function deletedAndAtRest(vault: Vault, name: string, now: number): StoredSecret {
  const secret = lookUp(vault, name)
  const presence = presenceOf(secret, now)
  if (presence === 'being-deleted') throw beingDeleted()
  if (presence === 'being-recovered') throw beingRecovered(name)
  if (!secret || presence !== 'deleted') throw deletedSecretNotFound(name)
  return secret
}

/** The version asked for, or the newest one. Never falls back to an older one, whatever state the newest is in. */
export function versionOf(secret: StoredSecret, name: string, version: string | undefined): SecretVersion {
  const found =
    version === undefined
      ? secret.versions.at(-1)
      : secret.versions.find((candidate) => candidate.version === version.toLowerCase())
  if (!found) throw secretNotFound(version === undefined ? name : `${name}/${version}`)
  return found
}

const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000)

/** Adds a version, and the secret with it where the name is new. */
export function addVersion(vault: Vault, name: string, body: NewSecret, now: number): [StoredSecret, SecretVersion] {
  const secret = writable(vault, name, now) ?? { name, versions: [] }
  const created = seconds(now)
  const version: SecretVersion = {
    version: randomBytes(16).toString('hex'),
    value: body.value,
    tags: {},
    enabled: true,
    created,
    updated: created,
  }
  apply(version, body)
  secret.versions.push(version)
  vault.secrets.set(name.toLowerCase(), secret)
  return [secret, version]
}

/** Changes what the body names and leaves the rest; tags are replaced as a whole. */
export function changeVersion(version: SecretVersion, body: SecretProperties, now: number): void {
  apply(version, body)
  version.updated = seconds(now)
}

function apply(version: SecretVersion, { contentType, tags, attributes }: SecretProperties): void {
  if (contentType != null) version.contentType = contentType
  if (tags != null) version.tags = tags
  if (attributes?.enabled != null) version.enabled = attributes.enabled
  if (attributes?.nbf != null) version.notBefore = attributes.nbf
  if (attributes?.exp != null) version.expires = attributes.exp
}
