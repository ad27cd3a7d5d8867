// Which histories of a run come to the same. A reduction: a test looks at pairs that were taken for one.

import { otherSlot } from '../../../src/common/account.ts'
import { tag } from '../../../src/common/record.ts'
import type { Call } from './calls.ts'
import { newestOf, type TrueVersion } from './material.ts'
import { labelOf, type Node, pathTo } from './tree.ts'

/**
 * Runs of equal identity do the same from there on, however they came there. Whoever gives its lease back has but one
 * thing left to do; whoever looks anew keeps nothing of the plans before but how many there were, and how many no longer
 * held; and whoever writes keeps of its look no more than the keys, and the newest versions until it publishes.
 */
export function identityOf(node: Node): string | undefined {
  const { call, parent, breaks } = node
  if (call?.kind === 'release') return `release ${call.note} ${breaks}`
  if (!call || !parent?.call) return undefined
  const looks = pathTo(node).filter(isLook)
  const changes = looks.map(firstOf).filter((each) => each.parent && wasChanged(each.parent, each)).length
  const counts = `${looks.length} ${changes}`
  if (isLook(node)) return `look ${counts} ${firstOf(node) === node ? '' : keysKnownTo(node)}`
  // A write that is sent again is another call than the first.
  if (call.kind === parent.call.kind) return undefined
  switch (call.kind) {
    case 'read':
      if (parent.call.kind === 'publish') return `read back ${parent.call.value} ${counts}`
      return parent.call.kind === 'judge' ? `before publish ${parent.call.key} ${plannedOn(node)} ${counts}` : undefined
    case 'publish':
      return `publish ${JSON.stringify(call)} ${counts} ${breaks}`
    case 'regenerate':
      return `regenerate ${call.slot} ${plannedOn(node)} ${counts} ${breaks}`
    default:
      return undefined
  }
}

const keysKnownTo = (node: Node): string => {
  const last = pathTo(node).findLast(({ given }) => given?.kind === 'keys')?.given
  return last ? labelOf(last) : ''
}

/** What a run that is about to publish keeps of its look: the keys, and what the newest versions were. */
function plannedOn(node: Node): string {
  const look = pathTo(node).findLast((each) => each.parent && isLook(each.parent))
  const newest = look?.given?.kind === 'versions' ? newestOf(look.given.versions).map(({ index }) => index) : []
  return `${newest.toSorted((a, b) => a - b).join('.')} ${keysKnownTo(node)}`
}

const OTHER_READS_AFTER: ReadonlySet<Call['kind'] | undefined> = new Set(['judge', 'publish', undefined])

/** The read that a plan is made from; others come right before a publish, and look back at what was published. */
const isLook = ({ call, parent }: Node): boolean => call?.kind === 'read' && !OTHER_READS_AFTER.has(parent?.call?.kind)

/** Where a look begins: with its read, or with the keys where that rule is taken away. */
const firstOf = (look: Node): Node => (look.parent?.call?.kind === 'listKeys' ? look.parent : look)

/** Whether a new look is there because the plan before it no longer held. */
function wasChanged({ call, parent }: Node, { given }: Node): boolean {
  if (call?.kind === 'regenerate' && given?.kind === 'keys' && parent) {
    const before = pathTo(parent)
      .concat(parent)
      .findLast((each) => each.given?.kind === 'keys')?.given
    const sibling = otherSlot(call.slot)
    return before?.kind !== 'keys' || before.keys[sibling] !== given.keys[sibling]
  }
  if (call?.kind !== 'read' || given?.kind !== 'versions') return false
  // Whoever looks anew after a read that was to be followed by a publish has found other versions than it planned on.
  if (parent?.call?.kind === 'judge') return true
  if (parent?.call?.kind !== 'publish') return false
  const { value } = parent.call
  return newestOf(given.versions).some((each) => each.human || each.value !== value || isLate(each))
}

/** A version that landed long after it was sent is not known as ours. */
const isLate = ({ at, seen }: TrueVersion): boolean => at - Date.parse(seen.tags[tag.publishedAt] ?? '') > 300_000
