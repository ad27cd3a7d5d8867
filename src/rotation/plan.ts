// The pure heart of rotation: what does one account need now? No clock, no network, no randomness.

import { otherSlot, type Slot, sameId, slots } from '../common/account.ts'
import { unreachable } from '../common/errors.ts'
import { type History, readHistory } from './history.ts'
import type { Policy } from './policy.ts'
import type { Account, AccountAnswer, SecretVersion } from './ports.ts'

/** Lower-case hex SHA-256 of the key that each slot holds now. */
export type CurrentKeys = Readonly<Record<Slot, string>>

export type KeyState =
  | { readonly kind: 'keys'; readonly fingerprints: CurrentKeys }
  | { readonly kind: 'gone' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'local-auth-disabled' }

/** Requests name keys, not times, so that a message of any age does nothing twice. Fingerprints are SHA-256 hex. */
export type Request =
  | { readonly kind: 'check' }
  | { readonly kind: 'rotate'; readonly live: string }
  | { readonly kind: 'revoke'; readonly kill: readonly string[] }

/** What the settings say about one account. */
export interface Terms {
  /** Named by an explicit id or carrying the tag `keystile`, in a configured subscription. */
  readonly enrolled: boolean
  /** This deployment's id, written into the tag `Publisher`. */
  readonly publisher: string
  /** Take over a secret that is foreign, untagged, or another deployment's. */
  readonly takeOver: boolean
  /** On the list of accounts that may be used without keys. */
  readonly keyless: boolean
  /** Allowance, in milliseconds, between the vault's clock and ours. */
  readonly skewMs: number
}

export interface Question {
  readonly account: AccountAnswer
  readonly versions: readonly SecretVersion[]
  readonly keys: KeyState
  readonly policy: Policy
  readonly terms: Terms
  readonly request: Request
  readonly now: Date
}

export type SkipReason =
  | 'account-gone'
  | 'not-granted'
  | 'not-enrolled'
  | 'not-settled'
  | 'bad-secret-name'
  | 'secret_not_ours'
  | 'other_publisher'
  | 'bad-policy'
  | 'local-auth-disabled'
  | 'keyless'
  | 'held'

export type Plan =
  | { readonly kind: 'skip'; readonly reason: SkipReason; readonly detail?: string }
  /** Publish a record without a key, for callers that are served with the vendor's own identity. */
  | { readonly kind: 'keyless' }
  /** The request is already satisfied. */
  | { readonly kind: 'done' }
  /** Regenerate `slot` although it may be in use; `publish` it afterwards where the live key is to die next. */
  | { readonly kind: 'revoke'; readonly slot: Slot; readonly publish: boolean }
  /** Prove and publish a key that exists: the first of `slots` that is accepted. Regenerates nothing. */
  | {
      readonly kind: 'publish-existing'
      readonly why: 'adopt' | 'repair' | 'refresh' | 'tie'
      readonly slots: readonly [Slot, Slot]
      /** Publish no earlier, so that this version is the newest by the vault's clock of whole seconds. */
      readonly notBefore?: Date
    }
  | { readonly kind: 'wait'; readonly why: 'not-due' | 'grace'; readonly until: Date }
  /** Prove and publish the idle key as it is: an earlier run regenerated it, or a revoke needs callers off the live one. */
  | { readonly kind: 'publish'; readonly slot: Slot; readonly why: 'resume' | 'revoke' }
  /** Regenerate the idle slot, prove, publish. */
  | { readonly kind: 'rotate'; readonly slot: Slot }

const skip = (reason: SkipReason, detail?: string): Plan =>
  detail === undefined ? { kind: 'skip', reason } : { kind: 'skip', reason, detail }

/**
 * Decides what one account needs. The first row of the table in the README that holds decides. Pure: same
 * inputs, same plan.
 *
 * @param question.versions every version of the account's secret, in any order; read before the keys.
 * @returns a plan that never regenerates the live slot or one in grace, unless the request is a revoke.
 */
export function planRotation(question: Question): Plan {
  const { account: state, keys, policy, terms, request, versions, now } = question
  if (state.kind === 'gone' || keys.kind === 'gone') return skip('account-gone')
  if (state.kind === 'refused') return skip('not-granted')
  const { account } = state
  if (!terms.enrolled) return skip('not-enrolled')
  const unsettled = whyUnsettled(account)
  if (unsettled !== undefined) return skip('not-settled', unsettled)
  if (keys.kind === 'refused') return skip('not-granted')

  const history = readHistory(versions, terms.skewMs)
  const current = keys.kind === 'keys' ? keys.fingerprints : undefined
  const refusal = refuseOwnership(account, history, current, terms)
  if (refusal) return refusal
  if (current === undefined)
    return policy.kind === 'bad' ? skip('bad-policy', policy.reason) : planKeyless(account, history, terms)

  const live = liveSlot(history, current)
  const done = isDone(request, live, current)
  if (done) return { kind: 'done' }
  if (request.kind === 'revoke') return planRevoke(request.kill, live, current, favourite(history))
  if (policy.kind === 'bad') return skip('bad-policy', policy.reason)
  if (isHeld(account, history)) return skip('held')

  const existing = planExisting(account, history, current, live)
  if (existing) return existing
  const { switchedAt, adopted, newest } = history
  if (live === undefined || switchedAt === undefined || newest === undefined) {
    throw new TypeError('a history without a live key must end in publish-existing')
  }

  const graceEnds = new Date(switchedAt.getTime() + policy.graceMs)
  const dueAt = adopted ? graceEnds : new Date(switchedAt.getTime() + policy.rotateEveryMs)
  if (request.kind !== 'rotate' && now < dueAt) return { kind: 'wait', why: 'not-due', until: dueAt }
  const idle = otherSlot(live)
  const { sibling } = newest
  if (sibling !== undefined && sibling !== current[idle]) return { kind: 'publish', slot: idle, why: 'resume' }
  if (now < graceEnds) return { kind: 'wait', why: 'grace', until: graceEnds }
  return { kind: 'rotate', slot: idle }
}

/** What ARM does not say yet cannot be in a version, and a version without it is not one of ours. */
function whyUnsettled({ provisioningState, kind, place }: Account): string | undefined {
  if (provisioningState !== 'Succeeded') return provisioningState
  if (kind === '') return 'no kind'
  return place.region === '' ? 'no region' : undefined
}

/** A pause asked for by the account's tag, or by somebody who disabled the newest version. */
export const isHeld = (account: Account, history: History): boolean =>
  account.tags.keystile?.toLowerCase() === 'hold' || history.disabled

/** The slot whose current key is the published one; a tag alone decides nothing. */
export function liveSlot(history: History, current: CurrentKeys): Slot | undefined {
  const published = history.newest?.fingerprint
  if (published === current.key1) return 'key1'
  return published === current.key2 ? 'key2' : undefined
}

function refuseOwnership(
  account: Account,
  { top }: History,
  current: CurrentKeys | undefined,
  terms: Terms,
): Plan | undefined {
  if (terms.takeOver) return undefined
  const fingerprints = current === undefined ? [] : Object.values(current)
  for (const { record, ours } of top) {
    const named = record.providerAddress
    // A fingerprint counts only in a version that is ours: anybody can copy a tag.
    const moved = ours && record.fingerprint !== undefined && fingerprints.includes(record.fingerprint)
    if (!moved && (named === undefined || !sameId(named, account.id))) {
      return skip('secret_not_ours', `it is the record of ${named ?? 'nobody'}, not of ${account.id}`)
    }
    if (record.publisher !== undefined && record.publisher !== terms.publisher) {
      return skip('other_publisher', `published by ${record.publisher}`)
    }
  }
  return undefined
}

function planKeyless(account: Account, { newest }: History, terms: Terms): Plan {
  // ARM may refuse to list keys for a reason of its own: only an account that says so itself goes without.
  const without = terms.keyless && account.localAuthDisabled && account.place.subDomain !== undefined
  if (!without) return skip('local-auth-disabled')
  const published = newest?.credentialId === 'none' && !isStale(account, newest)
  return published ? skip('keyless') : { kind: 'keyless' }
}

function isDone(request: Request, live: Slot | undefined, current: CurrentKeys): boolean {
  switch (request.kind) {
    case 'check':
      return false
    case 'rotate':
      return live !== undefined && current[live] !== request.live
    case 'revoke':
      return !request.kill.some((fingerprint) => Object.values(current).includes(fingerprint))
    default:
      return unreachable(request)
  }
}

/**
 * Callers are moved off a live key that must die before it is regenerated; a named idle key is regenerated first. Where
 * nobody knows which one callers hold, a key that survives, or a new one, is published before anything dies.
 */
function planRevoke(kill: readonly string[], live: Slot | undefined, current: CurrentKeys, likely: Slot): Plan {
  const dies = (slot: Slot) => kill.includes(current[slot])
  const idle = otherSlot(live ?? likely)
  if (live === undefined) {
    const survivor = slots.find((slot) => !dies(slot))
    return survivor ? { kind: 'publish', slot: survivor, why: 'revoke' } : { kind: 'revoke', slot: idle, publish: true }
  }
  if (dies(idle)) return { kind: 'revoke', slot: idle, publish: dies(live) }
  return { kind: 'publish', slot: idle, why: 'revoke' }
}

/** The slot to believe in where none is derived: what the tag says, else key1. */
function favourite({ top }: History): Slot {
  const tagged = top[0]?.record.credentialId
  return tagged === 'key2' ? 'key2' : 'key1'
}

function planExisting(
  account: Account,
  history: History,
  current: CurrentKeys,
  live: Slot | undefined,
): Plan | undefined {
  const first = live ?? favourite(history)
  const order = [first, otherSlot(first)] as const
  if (history.tiedAt !== undefined) {
    const known = history.top.find(({ record }) => Object.values(current).includes(record.fingerprint ?? ''))?.record
    const slot = known?.fingerprint === current.key2 ? 'key2' : known ? 'key1' : first
    const notBefore = new Date(history.tiedAt.getTime() + 1_000)
    return { kind: 'publish-existing', why: 'tie', slots: [slot, otherSlot(slot)], notBefore }
  }
  const { newest } = history
  if (newest?.fingerprint === undefined) return { kind: 'publish-existing', why: 'adopt', slots: order }
  if (live === undefined) return { kind: 'publish-existing', why: 'repair', slots: order }
  return isStale(account, newest) ? { kind: 'publish-existing', why: 'refresh', slots: order } : undefined
}

function isStale(account: Account, record: NonNullable<History['newest']>): boolean {
  return (
    record.place?.region !== account.place.region ||
    record.place.subDomain !== account.place.subDomain ||
    record.kind !== account.kind ||
    record.providerAddress === undefined ||
    !sameId(record.providerAddress, account.id)
  )
}
