// Every step that may happen next in a world. One step is one await of one rotator answered, a crash, a late landing,
// the end of a lease, a tick, or something done by hand.

import { type Slot, slots } from '../../../src/common/account.ts'
import type { Call } from './calls.ts'
import { type Effect, effectsOf, FREE, isWrite, landed, lateOf, withVersion } from './effects.ts'
import { disabled, type Hand, isStopped, keyName, printOf, TIME, tagsByHand, versionOf } from './material.ts'
import type { Program } from './program.ts'
import { judgeStop } from './promises.ts'
import type { Node } from './tree.ts'
import { inWords, nameOf } from './words.ts'
import type { Actor, Scenario, Tick, World } from './world.ts'

/** One step: what happened in words, the world after it, and the promise that it broke. */
export interface Step {
  readonly what: string
  readonly world: World
  readonly breaks: string | undefined
}

const LOST = { state: 'expired', by: -1 } as const
/** All that may happen next. */
export async function stepsFrom(scenario: Scenario, programs: readonly Program[], world: World): Promise<Step[]> {
  const steps: Step[] = []
  for (const [at, actor] of world.actors.entries()) {
    const program = programs[at]
    if (!program || !actor.node?.call) continue
    steps.push(...(await answersTo(scenario, program, world, at)))
    steps.push(...crashes(world, at, actor, actor.node.call, await program.root(world.clock), program))
  }
  const holder = programs[world.lease.by]
  if (holder) steps.push(...expiries(scenario, await holder.root(world.clock), world))
  steps.push(...landings(world), ...tickings(scenario, world), ...byHand(scenario, world))
  return steps
}

/** The ways in which what one rotator waits for may be answered now. */
export async function answersTo(scenario: Scenario, program: Program, world: World, at: number): Promise<Step[]> {
  const node = world.actors[at]?.node
  if (!node?.call) return []
  const steps: Step[] = []
  for (const effect of effectsOf(scenario, world, at, node, node.call, program)) {
    steps.push(await answered(world, at, node, program, effect))
  }
  return steps
}

const replaceActor = (world: World, at: number, actor: Actor): readonly Actor[] => world.actors.with(at, actor)

/** Gives the rotator its answer and lets it run to its next await, or to its end. */
async function answered(before: World, at: number, node: Node, program: Program, effect: Effect): Promise<Step> {
  const { world, answer } = effect
  const leaseHolds = world.lease.state === 'held' && world.lease.by === at
  const next = program.step(node, answer, { now: world.clock, leaseHolds })
  const child = next instanceof Promise ? await next : next
  const crashesLeft = before.actors[at]?.crashes ?? 0
  const what = `${nameOf(at)} ${inWords(node.call, answer)}`
  const { end } = child
  if (!end) {
    const actors = replaceActor(world, at, { node: child, crashes: crashesLeft })
    const breaks = effect.breaks ?? child.breaks ?? judgeStop(program.request, world.versions, child.call)
    return { what, world: { ...world, actors }, breaks }
  }
  const lease = end.abandoned && leaseHolds ? LOST : world.lease
  const again = end.again ? await program.root(world.clock) : undefined
  const actors = replaceActor(world, at, { node: again, crashes: crashesLeft })
  const named = end.outcome?.kind === 'done' && isNamedKeyCurrent(world, program)
  const breaks = effect.breaks ?? (named ? 'V a revoke is done while a named key is current' : undefined)
  const ending = end.outcome?.kind ?? 'failed'
  return { what: `${what}; it ends: ${ending}`, world: { ...world, lease, actors }, breaks }
}

const isNamedKeyCurrent = ({ keys }: World, { request }: Program): boolean =>
  request.kind === 'revoke' && slots.some((slot) => request.kill.includes(printOf(keyName(slot, keys[slot]))))

/** A process dies. Its message comes back, its lease runs out, and what it had sent may still land, or not. */
function crashes(
  world: World,
  at: number,
  actor: Actor,
  call: Call,
  root: Node,
  { request }: Program,
): readonly Step[] {
  if (actor.crashes === 0 || call.kind === 'acquire') return []
  const ours = world.lease.state === 'held' && world.lease.by === at
  const lease = ours ? LOST : world.lease
  const dead = { ...world, lease, actors: replaceActor(world, at, { node: root, crashes: actor.crashes - 1 }) }
  const step = { what: `${nameOf(at)} dies at ${call.kind}`, world: dead, breaks: undefined }
  if (!isWrite(call) || world.losses === 0) return [step]
  const late = { ...dead, losses: world.losses - 1, late: lateOf(call, request) }
  return [step, { what: `${nameOf(at)} dies, its ${call.kind} is on its way`, world: late, breaks: undefined }]
}

function landings(world: World): readonly Step[] {
  const { late } = world
  if (!late) return []
  const effect = landed({ ...world, late: undefined }, late)
  const what = late.kind === 'publish' ? `late publish of ${late.value}` : `late regenerate of ${late.slot}`
  return [
    { what: `the ${what} lands`, ...effect },
    { what: `the ${what} never lands`, world: { ...world, late: undefined }, breaks: undefined },
  ]
}

/** The lease of a living holder ends; a dead one's is taken to have ended as soon as somebody else asks for it. */
function expiries(scenario: Scenario, root: Node, world: World): readonly Step[] {
  const { lease, actors } = world
  const holder = actors[lease.by]
  if (lease.state !== 'held' || !holder) return []
  // A write is sent only while the lease outlives it.
  if (scenario.leasesHold && isWrite(holder.node?.call)) return []
  const after = { ...world, lease: { state: 'expired', by: lease.by } } as const
  const what = `the lease of ${nameOf(lease.by)} expires`
  if (!scenario.shortLives) return [{ what, world: after, breaks: undefined }]
  return outlived(after, root).map((each) => ({
    what: `${what}; its run comes to nothing`,
    world: each,
    breaks: undefined,
  }))
}

/**
 * What may become of a run that has outlived its lease: it sends no more write, so all it can do is to end, in one
 * way or the other, and to give back a lease that nobody else has taken. That its message is done with is the same
 * as that it comes back and is never delivered.
 */
function outlived(world: World, root: Node): readonly World[] {
  const { by } = world.lease
  const holder = world.actors[by]
  if (!holder) return []
  const dead: World = { ...world, actors: replaceActor(world, by, { ...holder, node: root }), lease: LOST }
  // Whoever still waits for what may land gives nothing back before it has landed.
  return world.late ? [dead] : [dead, { ...dead, lease: FREE }]
}

function tickings({ leasesHold, landsInTime }: Scenario, world: World): readonly Step[] {
  const { ticks, late, actors, clock } = world
  const busy = (late && landsInTime) || (leasesHold && actors.some(({ node }) => isWrite(node?.call)))
  const tick = (what: string, kind: Tick, ms: number): Step => {
    const left = ticks.filter((each) => each !== kind)
    return { what, world: { ...world, ticks: left, clock: clock + ms }, breaks: undefined }
  }
  const steps: Step[] = []
  if (ticks.includes('second')) steps.push(tick('a second passes', 'second', 1_000))
  // Days do not pass while a request of seconds is on its way.
  if (busy) return steps
  if (ticks.includes('grace')) steps.push(tick('the grace passes', 'grace', TIME.grace + 2_000))
  if (ticks.includes('almost')) steps.push(tick('the grace passes, but for half a second', 'almost', TIME.grace - 500))
  return steps
}

function byHand({ hands }: Scenario, world: World): readonly Step[] {
  if (world.humans === 0) return []
  const { keys, versions, clock } = world
  const after = { ...world, humans: world.humans - 1 }
  const regenerated = (slot: Slot): Step => ({
    what: `a human regenerates ${slot}`,
    world: { ...after, keys: { ...keys, [slot]: keys[slot] + 1 }, killedByHand: keyName(slot, keys[slot]) },
    breaks: undefined,
  })
  const published = (hand: Hand): Step[] => {
    if (hand === 'disable') {
      if (versions.length === 0 || isStopped(versions)) return []
      const stopped = { ...after, versions: disabled(versions) }
      return [{ what: 'a human disables the newest version', world: stopped, breaks: undefined }]
    }
    const tags = tagsByHand(hand, versions)
    if (!tags) return []
    const list = withVersion(versions, versionOf(clock, 'by hand', tags, true))
    const what = `a human publishes a version, tags ${hand}`
    return [{ what, world: { ...after, versions: list }, breaks: undefined }]
  }
  return [...slots.map(regenerated), ...hands.flatMap(published)]
}
