// Random questions to the plan: fleets, histories with equal seconds and versions of strangers, clocks, tags.

import fc from 'fast-check'
import type { Slot } from '../../src/common/account.ts'
import { tag } from '../../src/common/record.ts'
import type { Question, Request } from '../../src/rotation/plan.ts'
import type { SecretVersion } from '../../src/rotation/ports.ts'
import { account, foreign, fp, ID, OTHER_ID, published, terms } from '../support/rotation.ts'

const SECOND = 1_000
const DAY = 86_400_000
const NOON = Date.parse('2026-02-01T12:00:00Z')

/** A small world, so that what is drawn meets again: four keys, of which two are current. */
export const KEYS = ['k0', 'k1', 'k2', 'k3'] as const
type Key = (typeof KEYS)[number]
/** What whoever reads this version gets: one of our keys, none, or nobody knows. */
export type Holds = Key | 'none' | 'unknown'

export interface Written {
  readonly version: SecretVersion
  readonly holds: Holds
}

/** A question together with what only the one who made it up knows. */
export interface Case {
  readonly question: Question
  readonly written: readonly Written[]
  readonly current: Readonly<Record<Slot, Key>>
}

const key = fc.constantFrom(...KEYS)
const slot = fc.constantFrom<Slot>('key1', 'key2')
/** Seconds before noon; few enough that versions often share one. A minute after noon: the vault's clock is ahead. */
const AGES = [-60, 0, 1, 2, 3, 60, 3_600, DAY, 2 * DAY, 2 * DAY + 61, 10 * DAY, 30 * DAY, 31 * DAY, 90 * DAY].map(
  (age) => (age < DAY ? age : Math.floor(age / SECOND)),
)
const at = fc.constantFrom(...AGES).map((age) => new Date(NOON - age * SECOND).toISOString())
const later = (text: string, milliseconds: number) => new Date(Date.parse(text) + milliseconds).toISOString()

const hostileText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom('', ' ', 'none', 'KEY1', 'Hold', 'P1D', 'P', 'P99999999999999999999D', 'PT0S', '__proto__', '\u0000'),
  fc.constantFrom(ID, ID.toUpperCase(), OTHER_ID, fp('k0'), fp('k0').toUpperCase(), '+275760-09-13T00:00:00Z'),
)
const hostileName = fc.constantFrom(...Object.values(tag), '__proto__', 'constructor', 'toString')
/** Tags that anybody may have written. */
export const hostileTags = fc.dictionary(hostileName, hostileText)
const policyName = fc.constantFrom(
  'keystile',
  'keystile-secret',
  'keystile-rotate-every',
  'keystile-grace',
  '__proto__',
)
export const hostileAccountTags = fc.dictionary(policyName, hostileText)

interface Drawn {
  at: string
  slot: Slot
  key: Key
  sibling: Key
  updatedAfterMs: number
}
const drawn: fc.Arbitrary<Drawn> = fc.record({
  at,
  slot,
  key,
  sibling: key,
  updatedAfterMs: fc.constantFrom(1, SECOND, DAY),
})

const ours = drawn.map(({ at, slot, key, sibling }): Written => {
  return { version: published(at, slot, key, { sibling }), holds: key }
})
/** Made by us, touched since: whatever its tags say now, the value is what it was. */
const edited = fc.tuple(drawn, fc.boolean()).map(([{ at, slot, key, sibling, updatedAfterMs }, enabled]): Written => {
  return { version: published(at, slot, key, { sibling, enabled, updatedAt: later(at, updatedAfterMs) }), holds: key }
})
const born = drawn.map(({ at, slot, key }): Written => {
  return { version: published(at, slot, key, { enabled: false }), holds: key }
})
const copied = drawn.map(({ at, slot, key, sibling }): Written => {
  const tags = { [tag.publishedAt]: later(at, -DAY) }
  return { version: published(at, slot, key, { sibling, tags }), holds: 'unknown' }
})
const keyless = drawn.map(({ at }): Written => {
  const tags = { [tag.credentialId]: 'none', [tag.fingerprint]: '' }
  return { version: published(at, 'key1', 'x', { tags }), holds: 'none' }
})
const elsewhere = drawn.map(({ at, slot, key }): Written => {
  return { version: published(at, slot, key, { tags: { [tag.region]: 'westeurope' } }), holds: key }
})
const stranger = fc
  .tuple(drawn, fc.constantFrom([tag.providerAddress, OTHER_ID] as const, [tag.publisher, 'staging'] as const))
  .map(([{ at, slot, key, sibling }, [name, value]]): Written => {
    return { version: published(at, slot, key, { sibling, tags: { [name]: value } }), holds: key }
  })
const tutorial = drawn.map(({ at, slot }): Written => {
  const tags = { [tag.credentialId]: slot, [tag.providerAddress]: ID.toUpperCase() }
  return { version: foreign(at, tags), holds: 'unknown' }
})
const unknown = fc
  .tuple(at, hostileTags)
  .map(([at, tags]): Written => ({ version: foreign(at, tags), holds: 'unknown' }))

/** Mostly what Keystile wrote by itself, so that the late rows of the table are reached. */
const written = fc
  .array(
    fc.oneof(
      { arbitrary: ours, weight: 12 },
      { arbitrary: fc.oneof(edited, copied, keyless, elsewhere, stranger, tutorial, unknown, born), weight: 4 },
    ),
    { maxLength: 6 },
  )
  .map((all) => all.map(({ version, holds }, at) => ({ version: { ...version, version: `v${at}` }, holds })))

const current = fc.shuffledSubarray([...KEYS], { minLength: 2, maxLength: 2 }).map(([key1, key2]) => {
  return { key1: key1 ?? 'k0', key2: key2 ?? 'k1' }
})

const usual = <T>(value: T, rest: fc.Arbitrary<T>) =>
  fc.oneof({ arbitrary: fc.constant(value), weight: 8 }, { arbitrary: rest, weight: 1 })

const place = fc.constantFrom(
  { region: 'westus2', subDomain: 'speech-west' },
  { region: 'westeurope', subDomain: 'speech-west' },
  { region: 'westus2' },
)
const found = fc.record({
  place: usual({ region: 'westus2', subDomain: 'speech-west' }, place),
  provisioningState: usual('Succeeded', fc.constantFrom('Creating', '', 'Failed')),
  localAuthDisabled: usual(false, fc.constant(true)),
  kind: usual('SpeechServices', fc.constant('ComputerVision')),
  tags: usual<Record<string, string>>(
    { keystile: 'rotate' },
    fc.oneof(fc.constant({ keystile: 'Hold' }), hostileAccountTags),
  ),
})

/** Fingerprints that an operator may have named, some of keys that are long gone. */
const fingerprint = fc.oneof(key.map(fp), fc.constantFrom(fp('gone'), '', 'not a fingerprint'))
export const request: fc.Arbitrary<Request> = fc.oneof(
  fc.constant<Request>({ kind: 'check' }),
  fingerprint.map((live): Request => ({ kind: 'rotate', live })),
  fc.array(fingerprint, { maxLength: 3 }).map((kill): Request => ({ kind: 'revoke', kill })),
)

const DURATIONS = [0, SECOND, 3_600 * SECOND, DAY, 2 * DAY, 30 * DAY]
const duration = fc.constantFrom(...DURATIONS)
const policy: fc.Arbitrary<Question['policy']> = fc.oneof(
  { arbitrary: fc.constant({ kind: 'policy', rotateEveryMs: 30 * DAY, graceMs: 2 * DAY }), weight: 4 },
  {
    arbitrary: fc.record({ kind: fc.constant('policy'), rotateEveryMs: duration, graceMs: duration }),
    weight: 4,
  },
  { arbitrary: fc.constant({ kind: 'bad', reason: 'keystile-grace is below the least allowed' }), weight: 1 },
)
const settled = fc.record({
  enrolled: usual(true, fc.constant(false)),
  publisher: fc.constant('prod'),
  takeOver: usual(false, fc.constant(true)),
  keyless: usual(false, fc.constant(true)),
  skewMs: fc.constantFrom(0, 500, terms.skewMs),
})
const now = fc.integer({ min: -3, max: 70 * DAY }).map((after) => new Date(NOON + after))
/** Around the instants at which something ends: a switch, a grace, an interval. */
const nearNow = fc
  .tuple(fc.constantFrom(0, 1, 2, 61, 2 * 86_400, 2 * 86_400 + 61, 30 * 86_400 + 61), fc.integer({ min: -2, max: 2 }))
  .map(([seconds, offMs]) => new Date(NOON + seconds * SECOND + offMs))

/** Anything at all. */
export const anyCase: fc.Arbitrary<Case> = fc
  .record({
    answer: usual<'found' | 'gone' | 'refused'>('found', fc.constantFrom('gone', 'refused')),
    found,
    written,
    current,
    keyState: usual<'keys' | 'gone' | 'refused' | 'local-auth-disabled'>(
      'keys',
      fc.constantFrom('gone', 'refused', 'local-auth-disabled', 'local-auth-disabled'),
    ),
    policy,
    terms: settled,
    request,
    now: fc.oneof(nearNow, now),
    without: usual(false, fc.constant(true)),
  })
  .map(({ answer, found, written, current, keyState, terms, without, ...rest }) => {
    const fingerprints = { key1: fp(current.key1), key2: fp(current.key2) }
    const keys: Question['keys'] = keyState === 'keys' ? { kind: keyState, fingerprints } : { kind: keyState }
    const known = account(without ? { ...found, localAuthDisabled: true } : found)
    return {
      written,
      current,
      question: {
        ...rest,
        account: answer === 'found' ? { kind: answer, account: known } : { kind: answer },
        terms: without ? { ...terms, keyless: true } : terms,
        versions: written.map(({ version }) => version),
        keys: without ? { kind: 'local-auth-disabled' } : keys,
      },
    }
  })

/** Versions of the newest second. */
export function newestOf(written: readonly Written[]): readonly Written[] {
  const newest = Math.max(...written.map(({ version }) => version.createdAt.getTime()))
  return written.filter(({ version }) => version.createdAt.getTime() === newest)
}
