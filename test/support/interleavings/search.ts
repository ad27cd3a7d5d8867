// Breadth first through every state that a scenario can reach, each looked at once. The first trace of a kind is a
// shortest one.

import { heal } from './heal.ts'
import { type Program, program } from './program.ts'
import { judgeReaders } from './promises.ts'
import { stepsFrom } from './steps.ts'
import { dataKey, firstWorld, isSameData, type Scenario, type World, worldKey } from './world.ts'

/** One kind of broken promise: how many steps break it, and a shortest way to the first. */
export interface Violation {
  readonly breaks: string
  count: number
  readonly trace: readonly string[]
}

export interface Found {
  readonly scenario: string
  readonly states: number
  readonly steps: number
  /** States in which every message is done with. */
  readonly ends: number
  /** States that were looked at and not gone on from: they have more versions than the scenario allows. */
  readonly cut: number
  readonly violations: readonly Violation[]
}

export interface SearchOptions {
  /** Stop at the first violation: enough to know that there is one, and a shortest. */
  readonly stopAtFirst?: boolean
  /** Made before, so that a test can look at them afterwards. One for each request of the scenario. */
  readonly programs?: readonly Program[]
}

/** What is wrong with a world whoever does what in it: the same for all with the same data. */
interface Judgement {
  readonly readers: string | undefined
  readonly healed: string | undefined
}

interface Seen {
  readonly world: World
  readonly data: string
  readonly from: number
  readonly what: string
}

export async function search(scenario: Scenario, options: SearchOptions = {}): Promise<Found> {
  const { stopAtFirst = false, programs = programsOf(scenario) } = options
  const judged = new Map<string, Judgement>()
  const check = program({ kind: 'check' }, scenario.make)
  const strictly = scenario.leasesHold && scenario.landsInTime
  const judge = async (world: World, data: string): Promise<Judgement> => {
    const readers = judgeReaders(world.versions, world.keys, world.killedByHand)
    const judgement = { readers, healed: await heal(check, world, strictly) }
    judged.set(data, judgement)
    return judgement
  }
  const alike = new Set(scenario.requests.map((each) => JSON.stringify(each))).size < scenario.requests.length
  const first = await firstWorld(scenario, programs)
  const seen: Seen[] = [{ world: first, data: dataKey(first), from: -1, what: '' }]
  const keys = new Set([worldKey(first, dataKey(first), alike)])
  const violations = new Map<string, Violation>()
  let [steps, ends, at, cut] = [0, 0, 0, 0]
  const broken = (breaks: string | undefined, from: number, what: string) => {
    if (breaks === undefined) return
    const known = violations.get(breaks)
    if (known) known.count += 1
    else violations.set(breaks, { breaks, count: 1, trace: [...traceTo(seen, from), what] })
  }
  for (; at < seen.length; at += 1) {
    const { world, data } = seen[at] as Seen
    const { readers, healed } = judged.get(data) ?? (await judge(world, data))
    broken(readers, at, '(so it stands)')
    broken(healed, at, '(everybody dies here)')
    if (world.actors.every(({ node }) => node === undefined)) ends += 1
    if (world.versions.length > scenario.mostVersions) {
      cut += 1
      continue
    }
    for (const step of await stepsFrom(scenario, programs, world)) {
      steps += 1
      broken(step.breaks, at, step.what)
      const next = isSameData(step.world, world) ? data : dataKey(step.world)
      const key = worldKey(step.world, next, alike)
      if (keys.has(key)) continue
      keys.add(key)
      seen.push({ world: step.world, data: next, from: at, what: step.what })
    }
    if (stopAtFirst && violations.size > 0) break
  }
  return {
    scenario: scenario.name,
    states: seen.length,
    steps,
    ends,
    cut,
    violations: [...violations.values()],
  }
}

/** Rotators with the same request share what is known of it. */
export function programsOf({ requests, make }: Scenario): readonly Program[] {
  const known = new Map<string, Program>()
  return requests.map((request) => {
    const key = JSON.stringify(request)
    const shared = known.get(key) ?? program(request, make)
    known.set(key, shared)
    return shared
  })
}

function traceTo(seen: readonly Seen[], to: number): readonly string[] {
  const trace: string[] = []
  for (let at = to; at > 0; at = seen[at]?.from ?? 0) trace.unshift(seen[at]?.what ?? '')
  return trace
}
