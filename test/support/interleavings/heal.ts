// One more check, alone in the world after lease and quarantine are over: does it bring the account home?

import { landed } from './effects.ts'
import { enabled, TIME } from './material.ts'
import type { Program } from './program.ts'
import { isHealthy, isUnfinished } from './promises.ts'
import { scenario } from './scenarios.ts'
import { answersTo } from './steps.ts'
import type { World } from './world.ts'

const ALONE = scenario('due', [], { ticks: [] })

/**
 * Says what is still wrong after one more check; `undefined` when the account is healthy.
 *
 * @param strictly also when the next rotation is due: a regenerate that nobody finished is then finished.
 */
export async function heal(check: Program, world: World, strictly: boolean): Promise<string | undefined> {
  const { late } = world
  const outcomes = late ? [landed({ ...world, late: undefined }, late).world, { ...world, late: undefined }] : [world]
  for (const start of outcomes) {
    // Whoever stopped the account lets it go on.
    const goesOn = { ...start, versions: enabled(start.versions) }
    for (const after of await runAlone(check, goesOn, TIME.quarantine)) {
      if (typeof after === 'string') return `H ${after} in one more check`
      const { versions, keys } = after
      if (!isHealthy(versions, keys)) return 'H not healthy after one more check'
      if (!strictly) continue
      const later = await checkWhenDue(check, after)
      if (later) return later
    }
  }
  return undefined
}

/** When the next rotation is due, a regenerate that nobody finished is noticed: its key is published, not replaced. */
async function checkWhenDue(check: Program, world: World): Promise<string | undefined> {
  const { keys } = world
  const regenerates = isUnfinished(world.versions, keys) ? 0 : 1
  for (const after of await runAlone(check, world, TIME.long)) {
    if (typeof after === 'string') return `H ${after} when due again`
    if (!isHealthy(after.versions, after.keys)) return 'H not healthy when due again'
    const made = after.keys.key1 + after.keys.key2 - keys.key1 - keys.key2
    if (made !== regenerates) return `H ${made} regenerates when due again, not ${regenerates}`
  }
  return undefined
}

/** The worlds after one run, for each order in which versions of one second may be listed; or the promise it broke. */
async function runAlone(check: Program, world: World, afterMs: number): Promise<(World | string)[]> {
  const clock = world.clock + afterMs
  const node = await check.root(clock)
  const ends: (World | string)[] = []
  const open: World[] = [
    {
      ...world,
      clock,
      humans: 0,
      losses: 0,
      ticks: [],
      lease: { state: 'expired', by: -1 },
      actors: [{ node, crashes: 0 }],
    },
  ]
  for (let next = open.pop(); next; next = open.pop()) {
    for (const { world: after, breaks } of await answersTo(ALONE, check, next, 0)) {
      const now = after.actors[0]?.node
      if (breaks) ends.push(breaks)
      else if (now === undefined) ends.push(after)
      else if (now === node) ends.push('it is put back')
      else open.push(after)
    }
  }
  return ends
}
