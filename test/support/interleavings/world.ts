// The world that rotators share: plain data, and what each step makes of it. A rotator is a node of its program.

import type { Slot } from '../../../src/common/account.ts'
import type { Request } from '../../../src/rotation/plan.ts'
import type { Make } from './execution.ts'
import { type Generations, type Hand, HISTORIES, type HistoryName, TIME } from './material.ts'
import type { Program } from './program.ts'
import type { Node } from './tree.ts'

export type Tick = 'second' | 'grace' | 'almost'

/** What one search is about. */
export interface Scenario {
  readonly name: string
  readonly history: HistoryName
  readonly requests: readonly Request[]
  /** The timing rule: no lease ends under a write, and what is lost lands before the quarantine has passed. */
  readonly leasesHold: boolean
  readonly landsInTime: boolean
  /** Acts by hand: a slot is regenerated, or a version is published in one of the ways of `hands`. */
  readonly humans: number
  readonly hands: readonly Hand[]
  readonly crashes: number
  /** Answers that are lost; the effect of a write lands later, or never. */
  readonly losses: number
  /** Each once, in any order: a second passes; the grace passes, or all of it but half a second. */
  readonly ticks: readonly Tick[]
  /**
   * A run ends when its lease does: sound where every write looks at the lease first, which is searched for itself.
   */
  readonly shortLives: boolean
  /** Worlds with more versions than this are looked at, and not gone on from. */
  readonly mostVersions: number
  /** The lease excludes nobody: a removed rule. */
  readonly leaseless?: boolean
  readonly make?: Make
}

/** A write whose answer was lost or whose sender died, on its way to take effect. */
export type Late =
  | { readonly kind: 'regenerate'; readonly slot: Slot; readonly request: Request }
  | { readonly kind: 'publish'; readonly value: string; readonly tags: Readonly<Record<string, string>> }

export interface Actor {
  /** Where its run stands; `undefined` once its message is done with. */
  readonly node: Node | undefined
  readonly crashes: number
}

export interface World {
  readonly clock: number
  readonly ticks: readonly Tick[]
  readonly keys: Generations
  readonly versions: readonly number[]
  /** `expired`: nobody gave it back. `by`: who held it last. */
  readonly lease: { readonly state: 'free' | 'held' | 'expired'; readonly by: number }
  readonly humans: number
  /** The key that a human killed. */
  readonly killedByHand: string
  readonly losses: number
  readonly late: Late | undefined
  readonly actors: readonly Actor[]
}

export async function firstWorld(scenario: Scenario, programs: readonly Program[]): Promise<World> {
  const roots = await Promise.all(programs.map((each) => each.root(TIME.start)))
  return {
    clock: TIME.start,
    ticks: scenario.ticks,
    keys: { key1: 0, key2: 0 },
    versions: HISTORIES[scenario.history],
    lease: { state: 'free', by: -1 },
    humans: scenario.humans,
    killedByHand: '',
    losses: scenario.losses,
    late: undefined,
    actors: roots.map((node) => ({ node, crashes: scenario.crashes })),
  }
}

/** What tells two data worlds apart, rotators and budgets aside. */
export const dataKey = ({ clock, keys, versions, killedByHand, late }: World): string =>
  `${clock} ${keys.key1}.${keys.key2} ${versions.join('.')} ${killedByHand} ${late ? lateKey(late) : ''}`

/** Whether a step has left the data alone, so that their key need not be made anew. */
export const isSameData = (a: World, b: World): boolean =>
  a.clock === b.clock &&
  a.keys === b.keys &&
  a.versions === b.versions &&
  a.late === b.late &&
  a.killedByHand === b.killedByHand

const lateKey = (late: Late): string =>
  late.kind === 'regenerate' ? `${late.slot}${late.request.kind}` : `${late.value}${JSON.stringify(late.tags)}`

/** Names a state. Rotators with the same request are alike: worlds that differ in who is who are one. */
export function worldKey(world: World, data: string, alike: boolean): string {
  const { lease, ticks, humans, losses, actors } = world
  const whose = lease.state === 'free' ? -1 : lease.by
  const names = actors.map(({ node, crashes }, at) => `${node?.id}.${crashes}${at === whose ? lease.state : ''}`)
  if (alike) names.sort()
  return `${data} ${ticks.join()} ${humans}${losses}${lease.state} ${names.join(' ')}`
}
