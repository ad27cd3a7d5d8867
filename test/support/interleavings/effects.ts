// What the world answers to each call of a rotator, and what that makes of the world.

import type { Request } from '../../../src/rotation/plan.ts'
import type { Answer, Call } from './calls.ts'
import { isCurrent, keyName, newestOf, sorted, TIME, version, versionOf } from './material.ts'
import type { Program } from './program.ts'
import { judgeRegenerate } from './promises.ts'
import type { Node } from './tree.ts'
import type { Late, Scenario, World } from './world.ts'

/** A lease that was given back. */
export const FREE = { state: 'free', by: -1 } as const

/** One answer, the world that it comes from, and the promise that its effect broke. */
export type Effect = { readonly world: World; readonly answer: Answer; readonly breaks?: string | undefined }

/** A call that changes something, and that may be lost on its way. */
export type Write = Extract<Call, { kind: 'regenerate' | 'publish' }>

export const isWrite = (call: Call | undefined): call is Write =>
  call?.kind === 'regenerate' || call?.kind === 'publish'

/** The answers that a call may get now; none while it has to wait. */
export function effectsOf(
  scenario: Scenario,
  world: World,
  at: number,
  node: Node,
  call: Call,
  { request }: Program,
): readonly Effect[] {
  const { keys, losses } = world
  switch (call.kind) {
    case 'acquire':
      return acquiring(scenario, world, at)
    case 'sleep':
      return sleeping(scenario, world, node, call.ms)
    case 'read':
      return ordersOf(world.versions).map((versions) => ({ world, answer: { kind: 'versions', versions } }))
    case 'listKeys':
      return [{ world, answer: { kind: 'keys', keys } }]
    case 'judge': {
      const effect: Effect = { world, answer: { kind: 'verdict', accepted: isCurrent(call.key, keys) } }
      return losses === 0 || scenario.shortLives
        ? [effect]
        : [effect, { world: { ...world, losses: losses - 1 }, answer: { kind: 'lost' } }]
    }
    case 'release': {
      const ours = world.lease.state !== 'free' && world.lease.by === at
      return [{ world: ours ? { ...world, lease: FREE } : world, answer: { kind: 'ok' } }]
    }
    case 'regenerate':
    case 'publish':
      return writing(world, lateOf(call, request))
    default:
      return call satisfies never
  }
}

function acquiring({ leaseless }: Scenario, world: World, at: number): readonly Effect[] {
  const { state } = world.lease
  // To find it held changes nothing: the message is put back, and the run starts where it stands now.
  if (state === 'held' && !leaseless) return []
  const clean = state === 'free' || leaseless === true
  return [{ world: { ...world, lease: { state: 'held', by: at } }, answer: { kind: 'held', clean } }]
}

function sleeping({ landsInTime }: Scenario, world: World, { now }: Node, ms: number): readonly Effect[] {
  const { clock, late, versions } = world
  const quarantine = ms === TIME.quarantine
  // The quarantine is longer than anything can be on its way.
  if (landsInTime && quarantine && late) return []
  // A second in which nothing was written is like the next one: to let it pass would only number the same worlds anew.
  const same = quarantine && versions.every((index) => version(index).at + ms <= clock)
  // Only whole seconds tell, so everybody wakes at the same fraction of one.
  const wake = now + Math.ceil(ms / 1_000) * 1_000
  return [{ world: { ...world, clock: same ? clock : Math.max(clock, wake) }, answer: { kind: 'ok' } }]
}

/** Versions of the newest second come in no particular order; elsewhere the order tells nothing. */
function ordersOf(list: readonly number[]): readonly (readonly number[])[] {
  if (list.length < 2) return [list]
  const tied = newestOf(list).map(({ index }) => index)
  if (tied.length < 2) return [list]
  const rest = list.filter((index) => !tied.includes(index))
  return tied.map((first) => [...rest, first, ...tied.filter((index) => index !== first)])
}

/** The write as it is on its way. */
export const lateOf = (call: Write, request: Request): Late =>
  call.kind === 'publish'
    ? { kind: 'publish', value: call.value, tags: call.tags }
    : { kind: 'regenerate', slot: call.slot, request }

function writing(world: World, write: Late): readonly Effect[] {
  const { world: after, breaks } = landed(world, write)
  const answer: Answer = write.kind === 'publish' ? { kind: 'ok' } : { kind: 'keys', keys: after.keys }
  const effect = { world: after, answer, breaks }
  if (world.losses === 0) return [effect]
  return [effect, { world: { ...world, losses: world.losses - 1, late: write }, answer: { kind: 'lost' } }]
}

/** A second version with the same value, tags and second says nothing new to anybody. */
export const withVersion = (list: readonly number[], index: number): readonly number[] =>
  list.includes(index) ? list : sorted([...list, index])

/** What a write does when it takes effect. */
export function landed(world: World, write: Late): { readonly world: World; readonly breaks: string | undefined } {
  const { keys, clock, versions } = world
  if (write.kind === 'publish') {
    const list = withVersion(versions, versionOf(clock, write.value, write.tags))
    return { world: { ...world, versions: list }, breaks: undefined }
  }
  const { slot, request } = write
  // What a human did meanwhile, a run could not know; its own reads are judged where it calls.
  const breaks = humanActed(world) ? undefined : judgeRegenerate(request, versions, keyName(slot, keys[slot]), clock)
  return {
    world: { ...world, keys: { ...keys, [slot]: keys[slot] + 1 } },
    breaks: breaks && `${breaks}, as the world is`,
  }
}

const humanActed = ({ killedByHand, versions }: World): boolean =>
  killedByHand !== '' || versions.some((index) => version(index).human)
