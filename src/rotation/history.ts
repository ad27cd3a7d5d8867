// Reads a secret's versions as the history of one account's keys.

import { type AccountRecord, readRecord, tag } from '../common/record.ts'
import type { SecretVersion } from './ports.ts'

export interface History {
  /** What the versions of the newest second say, ours or not: whose secret is it? Empty when there is none. */
  readonly top: readonly { readonly record: AccountRecord; readonly ours: boolean }[]
  /** The published record, where the newest version is ours and no other contends for that place. */
  readonly newest: AccountRecord | undefined
  /** Set when versions with different keys, or one and its copy, share the newest second: readers get any of them. */
  readonly tiedAt: Date | undefined
  /** Somebody disabled the newest version: their emergency stop. */
  readonly disabled: boolean
  /** When the published key became live, with the allowance: the earliest instant from which its grace may count. */
  readonly switchedAt: Date | undefined
  /** The published key was found, not made by us: who used which key before, nobody knows. */
  readonly adopted: boolean
}

/** Longest time between the publisher's clock and the vault's for a version to count as written by us. */
const AUTHENTIC_MS = 5 * 60_000
const REQUIRED = [tag.credentialId, tag.providerAddress, tag.publishedAt, tag.publisher, tag.region, tag.kind]

/**
 * A version is ours if it carries our tags, nobody touched it since, and it was made when its tags say. Copied tags
 * and hand-edited versions fail, and count as versions without a fingerprint.
 */
function readOurs(version: SecretVersion): AccountRecord | undefined {
  return version.updatedAt.getTime() === version.createdAt.getTime() ? readMade(version) : undefined
}

/** What a version says that we made, whatever became of it since. */
function readMade(version: SecretVersion): AccountRecord | undefined {
  if (REQUIRED.some((name) => !version.tags[name])) return undefined
  const record = readRecord(version.tags)
  if (record.publishedAt === undefined || record.credentialId === undefined) return undefined
  if (Math.abs(record.publishedAt.getTime() - version.createdAt.getTime()) > AUTHENTIC_MS) return undefined
  return record.credentialId === 'none' || record.fingerprint !== undefined ? record : undefined
}

/** What makes two versions the same for a reader of the secret: the key, or why there is none to know. */
function markOf(version: SecretVersion): string {
  const ours = readOurs(version)
  if (ours) return ours.fingerprint ?? 'none'
  return readMade(version) ? 'edited' : 'foreign'
}

/** Marks of versions before which nobody knows who used which key. */
const STRANGE = ['foreign', 'none']

/**
 * @param all versions, in any order.
 * @param skewMs allowance between the vault's clock and ours, in milliseconds; added to the switch.
 */
export function readHistory(all: readonly SecretVersion[], skewMs: number): History {
  const seconds = groupBySecond(withoutCopiedTags(all))
  const [latest] = seconds
  if (latest === undefined) {
    return { top: [], newest: undefined, tiedAt: undefined, disabled: false, switchedAt: undefined, adopted: false }
  }
  const top = latest.versions.map((version) => ({
    record: readRecord(version.tags),
    ours: readOurs(version) !== undefined,
  }))
  const disabled = latest.versions.some((version) => !version.enabled)
  const tied = latest.marks.size > 1
  const [version] = latest.versions
  const newest = tied || !version ? undefined : readOurs(version)
  if (newest === undefined) {
    return { top, newest, tiedAt: tied ? latest.at : undefined, disabled, switchedAt: undefined, adopted: false }
  }
  const [mark = ''] = latest.marks
  const broken = seconds.findIndex(({ marks }) => marks.size > 1 || !marks.has(mark))
  const run = broken === -1 ? seconds : seconds.slice(0, broken)
  const before = broken === -1 ? undefined : seconds[broken]
  const startedAt = run.at(-1)?.at ?? latest.at
  return {
    top,
    newest,
    tiedAt: undefined,
    disabled,
    switchedAt: new Date(startedAt.getTime() + 1_000 + skewMs),
    adopted: before === undefined || STRANGE.some((strange) => before.marks.has(strange)),
  }
}

/** Names the versions of the newest second and the state of each: another text, and somebody has been there since. */
export function latestOf(all: readonly SecretVersion[]): string {
  const [latest] = groupBySecond(all)
  const states = latest?.versions.map(
    ({ version, enabled, updatedAt }) => `${version} ${enabled} ${updatedAt.getTime()}`,
  )
  return (states ?? []).toSorted().join()
}

const stampOf = ({ tags }: SecretVersion) => tags[tag.publishedAt] ?? ''

/**
 * No two publications share a `PublishedAt`: a later version with that of an earlier one was written by hand, with its
 * tags copied, however soon. It says nothing of its own, so it is read as if it had none but whose it is.
 */
function withoutCopiedTags(versions: readonly SecretVersion[]): SecretVersion[] {
  const firstAt = new Map<string, number>()
  for (const version of versions) {
    const at = version.createdAt.getTime()
    firstAt.set(stampOf(version), Math.min(at, firstAt.get(stampOf(version)) ?? at))
  }
  return versions.map((version) => {
    const copied = stampOf(version) !== '' && version.createdAt.getTime() > (firstAt.get(stampOf(version)) ?? 0)
    return copied ? { ...version, tags: { ...version.tags, [tag.publishedAt]: '' } } : version
  })
}

interface Second {
  readonly at: Date
  readonly versions: readonly SecretVersion[]
  readonly marks: ReadonlySet<string>
}

/**
 * Newest first. The vault keeps whole seconds, so versions of one second have no order; where two of them share a
 * `PublishedAt`, one is a copy by hand and nobody knows which.
 */
function groupBySecond(versions: readonly SecretVersion[]): Second[] {
  const groups = Map.groupBy(versions, (version) => Math.floor(version.createdAt.getTime() / 1_000))
  return [...groups]
    .sort(([a], [b]) => b - a)
    .map(([second, members]) => ({
      at: new Date(second * 1_000),
      versions: members,
      marks: new Set([...members.map(markOf), ...(shareStamp(members) ? ['foreign'] : [])]),
    }))
}

const shareStamp = (versions: readonly SecretVersion[]) => new Set(versions.map(stampOf)).size < versions.length
