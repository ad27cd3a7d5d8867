// Reads a secret's versions as the history of one account's keys.

import { type AccountRecord, readRecord, tag } from '../common/record.ts'
import type { SecretVersion } from './ports.ts'

export interface History {
  /** What the versions of the newest second say, ours or not: whose secret is it? Empty when there is none. */
  readonly top: readonly AccountRecord[]
  /** The published record, where the newest version is ours and no other contends for that place. */
  readonly newest: AccountRecord | undefined
  /** Set when two versions with different keys share the newest second: nobody knows which one readers get. */
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
  if (REQUIRED.some((name) => !version.tags[name])) return undefined
  if (version.updatedAt.getTime() !== version.createdAt.getTime()) return undefined
  const record = readRecord(version.tags)
  if (record.publishedAt === undefined || record.credentialId === undefined) return undefined
  if (Math.abs(record.publishedAt.getTime() - version.createdAt.getTime()) > AUTHENTIC_MS) return undefined
  return record.credentialId === 'none' || record.fingerprint !== undefined ? record : undefined
}

/** What makes two versions the same for a reader of the secret: the key, or being none of ours. */
const markOf = (record: AccountRecord | undefined): string => record?.fingerprint ?? record?.credentialId ?? 'foreign'

/**
 * @param versions in any order.
 * @param skewMs allowance between the vault's clock and ours, in milliseconds; added to the switch.
 */
export function readHistory(versions: readonly SecretVersion[], skewMs: number): History {
  const seconds = groupBySecond(versions)
  const [latest] = seconds
  if (latest === undefined) {
    return { top: [], newest: undefined, tiedAt: undefined, disabled: false, switchedAt: undefined, adopted: false }
  }
  const top = latest.versions.map((version) => readRecord(version.tags))
  const disabled = latest.versions.some((version) => !version.enabled)
  const tied = latest.marks.size > 1
  const newest = tied ? undefined : latest.ours[0]
  if (newest === undefined) {
    return { top, newest, tiedAt: tied ? latest.at : undefined, disabled, switchedAt: undefined, adopted: false }
  }
  const mark = markOf(newest)
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
    adopted: before === undefined || before.marks.has('foreign') || before.marks.has('none'),
  }
}

interface Second {
  readonly at: Date
  readonly versions: readonly SecretVersion[]
  readonly ours: readonly AccountRecord[]
  readonly marks: ReadonlySet<string>
}

/** Newest first. The vault keeps whole seconds, so versions of one second have no order. */
function groupBySecond(versions: readonly SecretVersion[]): Second[] {
  const groups = Map.groupBy(versions, (version) => Math.floor(version.createdAt.getTime() / 1_000))
  return [...groups]
    .sort(([a], [b]) => b - a)
    .map(([second, members]) => {
      const records = members.map(readOurs)
      return {
        at: new Date(second * 1_000),
        versions: members,
        ours: records.filter((record) => record !== undefined),
        marks: new Set(records.map(markOf)),
      }
    })
}
