// What the searched world is made of: keys named by slot and generation, versions as small numbers, model time.

import { otherSlot, type Slot } from '../../../src/common/account.ts'
import { type Tags, tag } from '../../../src/common/record.ts'
import { fingerprintOf, Secret } from '../../../src/common/secret.ts'
import type { KeyPair, SecretVersion } from '../../../src/rotation/ports.ts'
import { ID } from '../rotation.ts'

const SECOND = 1_000
const DAY = 86_400_000

/** Times of the model, in milliseconds. A rotation is due as soon as the one before it has had its grace. */
export const TIME = {
  start: Date.parse('2026-02-01T12:00:00.900Z'),
  grace: 2 * DAY,
  rotateEvery: 2 * DAY,
  /** Stands for the real quarantine: long enough for another second, and for what is on its way to land. */
  quarantine: SECOND,
  long: 40 * DAY,
} as const

/**
 * What each slot holds: how often it was regenerated. The n-th key of a slot has one name whoever made it, so worlds
 * that differ in nothing but the order of regenerates are one world.
 */
export type Generations = Readonly<Record<Slot, number>>

/** Names a key: `key1.0` is what the slot key1 held at first. */
export const keyName = (slot: Slot, generation: number): string => `${slot}.${generation}`

const secrets = new Map<string, Secret>()

export function secretOf(name: string): Secret {
  const known = secrets.get(name) ?? Secret.of(name)
  secrets.set(name, known)
  return known
}

const prints = new Map<string, string>()

export function printOf(name: string): string {
  const known = prints.get(name) ?? fingerprintOf(secretOf(name))
  prints.set(name, known)
  return known
}

export const pairOf = ({ key1, key2 }: Generations): KeyPair => ({
  key1: secretOf(keyName('key1', key1)),
  key2: secretOf(keyName('key2', key2)),
})

export const isCurrent = (name: string, { key1, key2 }: Generations): boolean =>
  name === keyName('key1', key1) || name === keyName('key2', key2)

/** One version of the secret as it really is: its value, who wrote it, and when to the millisecond. */
export interface TrueVersion {
  readonly index: number
  readonly at: number
  readonly second: number
  readonly value: string
  readonly human: boolean
  readonly seen: SecretVersion
}

const versions: TrueVersion[] = []
const indexes = new Map<string, number>()

/** The number of a version; equal versions have equal numbers. */
export function versionOf(at: number, value: string, tags: Tags, human = false): number {
  const second = Math.floor(at / SECOND)
  const created = new Date(second * SECOND)
  const seen = { createdAt: created, updatedAt: created, enabled: true, tags }
  return indexOf(`${at} ${value} ${human} ${JSON.stringify(tags)}`, (index) => ({
    ...{ index, at, second, value, human },
    seen: { ...seen, version: String(index) },
  }))
}

function indexOf(text: string, make: (index: number) => TrueVersion): number {
  const known = indexes.get(text)
  if (known !== undefined) return known
  const index = versions.length
  versions.push(make(index))
  indexes.set(text, index)
  return index
}

/** The list after somebody has disabled the newest version; the vault may date that like the version itself. */
export const disabled = (list: readonly number[]): readonly number[] =>
  edited(list, 'disabled', (seen) => ({ ...seen, enabled: false }))

/** And after they have enabled it again, some time later. */
export const enabled = (list: readonly number[]): readonly number[] =>
  isStopped(list)
    ? edited(list, 'enabled', (seen) => {
        const updatedAt = new Date(seen.createdAt.getTime() + SECOND)
        return { ...seen, enabled: true, updatedAt }
      })
    : list

/** Somebody's emergency stop. */
export const isStopped = (list: readonly number[]): boolean =>
  list.length > 0 && newestOf(list).some(({ seen }) => !seen.enabled)

function edited(list: readonly number[], how: string, edit: (seen: SecretVersion) => SecretVersion): readonly number[] {
  const newest = new Set(newestOf(list).map(({ index }) => index))
  return list.map((each) => {
    if (!newest.has(each)) return each
    const before = version(each)
    return indexOf(`${each} ${how}`, (index) => ({ ...before, index, seen: edit(before.seen) }))
  })
}

export function version(index: number): TrueVersion {
  const found = versions[index]
  if (!found) throw new Error('no such version')
  return found
}

/** A list of versions in an order that does not tell how it came about. */
export const sorted = (list: readonly number[]): readonly number[] =>
  list.toSorted((a, b) => version(a).at - version(b).at || a - b)

/** The versions of the newest second: a reader may get any of them. */
export function newestOf(list: readonly number[]): readonly TrueVersion[] {
  const all = list.map(version)
  const second = Math.max(...all.map((each) => each.second))
  return all.filter((each) => each.second === second)
}

/** Tags as Keystile writes them. */
export const tagsOf = (at: number, slot: Slot, { key1, key2 }: Generations): Tags => {
  const names = { key1: keyName('key1', key1), key2: keyName('key2', key2) }
  return {
    [tag.credentialId]: slot,
    [tag.providerAddress]: ID,
    [tag.fingerprint]: printOf(names[slot]),
    [tag.sibling]: printOf(names[otherSlot(slot)]),
    [tag.region]: 'westus2',
    [tag.subDomain]: 'speech-west',
    [tag.kind]: 'SpeechServices',
    [tag.publishedAt]: new Date(at).toISOString(),
    [tag.publisher]: 'prod',
  }
}

const LONG_AGO = TIME.start - TIME.long
const FIRST: Generations = { key1: 0, key2: 0 }

/**
 * Tags that somebody gives a version by hand: as the tutorial says, copied from the oldest version, or taken from a
 * backup, a version that is not there any more.
 */
const BY_HAND = {
  tutorial: { [tag.credentialId]: 'key1', [tag.providerAddress]: ID },
  copied: tagsOf(LONG_AGO, 'key1', FIRST),
  backup: tagsOf(LONG_AGO - DAY, 'key1', FIRST),
} as const satisfies Record<string, Tags>

/** `again`: copied from the newest version. `disable`: no version at all, but an end to the newest one. */
export type Hand = keyof typeof BY_HAND | 'again' | 'disable'

/**
 * The tags that a version by hand would have now; `undefined` where there is nothing to copy.
 */
export function tagsByHand(hand: Exclude<Hand, 'disable'>, list: readonly number[]): Tags | undefined {
  if (hand !== 'again') return BY_HAND[hand]
  const newest = list.length === 0 ? undefined : newestOf(list)[0]
  return newest?.seen.tags
}

const record = (at: number, slot: Slot) => versionOf(at, keyName(slot, 0), tagsOf(at, slot, FIRST))

/** Histories that a search starts from. */
export const HISTORIES = {
  /** key1 has been live for long: a rotation is due. */
  due: [record(LONG_AGO, 'key1')],
  /** Nothing is published yet: the account is to be adopted. */
  fresh: [],
  /** key1 went live a second ago, so key2 is in grace. */
  grace: [record(LONG_AGO, 'key2'), record(TIME.start - SECOND, 'key1')],
} as const satisfies Record<string, readonly number[]>

export type HistoryName = keyof typeof HISTORIES
