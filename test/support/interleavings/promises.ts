// The promises of the design, judged from the outside: by what really happened, not by the code under test.

import { otherSlot, type Slot } from '../../../src/common/account.ts'
import { tag } from '../../../src/common/record.ts'
import type { Request } from '../../../src/rotation/plan.ts'
import type { Call } from './calls.ts'
import { type Generations, isCurrent, isStopped, keyName, newestOf, printOf, TIME, version } from './material.ts'
import { type Node, pathTo } from './tree.ts'

/**
 * How a key is held by those who read the secret. A version by hand says nothing about who uses which key, and
 * neither does the time before the first version: both count as versions of every key.
 */
function holdOf(list: readonly number[], key: string, now: number): 'live' | 'in grace' | 'free' {
  if (list.length === 0) return 'live'
  if (newestOf(list).some(({ human, value }) => human || value === key)) return 'live'
  const ordered = list.map(version)
  const last = ordered.findLastIndex(({ human, value }) => human || value === key)
  const replaced = ordered[last + 1]
  return replaced !== undefined && now < replaced.at + TIME.grace ? 'in grace' : 'free'
}

const isNamed = (request: Request, key: string) => request.kind === 'revoke' && request.kill.includes(printOf(key))

/** Promise 1: may a run of this request kill the key, by these versions? `list` is in order of time. */
export function judgeRegenerate(
  request: Request,
  list: readonly number[],
  key: string,
  now: number,
): string | undefined {
  if (isNamed(request, key)) return undefined
  const hold = holdOf(list, key, now)
  return hold === 'free' ? undefined : `P1 a key that is ${hold} is regenerated`
}

/**
 * What a call itself breaks, by what its run has seen: promise 1 by its last reads, promise 2 by its proof, the
 * timing rule by its lease, and the word `published` by what it read back.
 */
export function judgeNode(request: Request, node: Node): string | undefined {
  const { call, given } = node
  switch (call?.kind) {
    case 'publish':
    case 'regenerate':
      if (given?.leaseHolds === false) return 'T a write is sent under a lease that has ended'
      return call.kind === 'publish' ? judgePublish(node, call.value) : judgeByLastRead(request, node, call.slot)
    case 'release':
      return call.note.startsWith('published ') ? judgePublished(node) : undefined
    default:
      return undefined
  }
}

/** "Published" is said of what readers get, as far as the run can see. */
function judgePublished({ parent, given }: Node): string | undefined {
  const sent = parent?.parent?.call
  const stands =
    sent?.kind === 'publish' &&
    given?.kind === 'versions' &&
    newestOf(given.versions).every(({ value, human }) => !human && value === sent.value)
  return stands ? undefined : 'B a run says published, and readers get another version'
}

function judgePublish(node: Node, value: string): string | undefined {
  const proved = pathTo(node).some(
    ({ parent, given }) =>
      given?.kind === 'verdict' && given.accepted && parent?.call?.kind === 'judge' && parent.call.key === value,
  )
  return proved ? undefined : 'P2 a key is published that was not accepted'
}

function judgeByLastRead(request: Request, node: Node, slot: Slot): string | undefined {
  const path = pathTo(node)
  const keys = path.findLast(({ given }) => given?.kind === 'keys')?.given
  const read = path.findLast(({ given }) => given?.kind === 'versions')?.given
  if (keys?.kind !== 'keys' || read?.kind !== 'versions') return 'P1 a key is regenerated without a look'
  const key = keyName(slot, keys.keys[slot])
  const list = read.versions.toSorted((a, b) => version(a).at - version(b).at || a - b)
  return judgeRegenerate(request, list, key, node.now) ?? judgeAsked(request, list, keys.keys, slot)
}

/** A request does nothing once its key is gone, and a regenerate is finished before the next one. */
function judgeAsked(request: Request, list: readonly number[], keys: Generations, slot: Slot): string | undefined {
  const newest = newestOf(list)[0]
  if (request.kind === 'revoke' || newest === undefined) return undefined
  if (request.kind === 'rotate' && printOf(newest.value) !== request.live)
    return 'R a rotate that is done rotates again'
  const idle = printOf(keyName(slot, keys[slot]))
  return newest.seen.tags[tag.sibling] === idle ? undefined : 'R an unfinished regenerate is repeated, not finished'
}

/** Promise 5: a disabled newest version is an emergency stop, and what is sent from then on does not lift it. */
export function judgeStop(request: Request, list: readonly number[], call: Call | undefined): string | undefined {
  const lifts = call?.kind === 'publish' && request.kind !== 'revoke' && isStopped(list)
  return lifts ? 'S a version is published over one that somebody disabled' : undefined
}

/**
 * Promise 4: whoever reads the newest version holds a working key. Where two share the newest second, a reader may
 * get either. Versions by hand, and keys that a human killed, are nobody's fault but the human's.
 */
export function judgeReaders(list: readonly number[], keys: Generations, killedByHand: string): string | undefined {
  if (list.length === 0) return undefined
  const broken = newestOf(list).some(({ human, value }) => !human && value !== killedByHand && !isCurrent(value, keys))
  return broken ? 'P4 readers of the newest version hold a dead key' : undefined
}

/** Is the newest version ours, and its key current? */
export function isHealthy(list: readonly number[], keys: Generations): boolean {
  if (list.length === 0) return false
  const newest = newestOf(list)
  const [value] = newest.map((each) => each.value)
  return newest.every(
    (each) =>
      !each.human &&
      each.value === value &&
      isCurrent(each.value, keys) &&
      each.seen.tags[tag.fingerprint] === printOf(each.value),
  )
}

/** Is the idle key another than the newest version says: a regenerate that nobody finished? */
export function isUnfinished(list: readonly number[], keys: Generations): boolean {
  const newest = newestOf(list)[0]
  if (newest === undefined) return false
  const live: Slot = newest.value === keyName('key1', keys.key1) ? 'key1' : 'key2'
  const idle = otherSlot(live)
  return newest.seen.tags[tag.sibling] !== printOf(keyName(idle, keys[idle]))
}
