// Kills the rotator's process again and again while its accounts rotate and are used, and tells what became of them.

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AppProcess, startApp } from '../../local/app-process.ts'
import type { Stack } from '../../local/stack.ts'
import { startCallers, type Used } from './kills-callers.ts'
import { complaintsOf, statesOf } from './kills-health.ts'
import { HELD_UP_MS, holdUpRegenerates, LANDS_AFTER_MS, regenerateLate, slotOnItsWay } from './kills-late.ts'
import { type Leases, type Left, watchLeases } from './kills-leases.ts'
import { type Moment, momentsOf } from './kills-moments.ts'
import { type Judged, judgeQuarantines } from './kills-quarantines.ts'
import { followTrails, type Step, type Trails } from './kills-trails.ts'
import { until } from './stack.ts'

/** What a dead process has sent is at the stand-in by then. */
const ARRIVES_MS = 200
const START_LIMIT_MS = 60_000
/** As a rule it is a quarter of a minute; each write that a slow machine gives up leaves a lease of a minute behind. */
const REST_LIMIT_MS = 240_000

export interface Told extends Judged {
  readonly kills: number
  readonly used: Used
  /** For each kill, how far each run was that it cut short. */
  readonly cut: readonly (readonly Step[])[]
  readonly landedLate: number
  /** Publications of keys that did not work yet. */
  readonly early: readonly string[]
  readonly rotations: number
  /** What was amiss with any account right after the last kill, and when every account had rotated once more. */
  readonly complaints: { readonly atOnce: readonly string[]; readonly atTheEnd: readonly string[] }
  /** Seconds from the last kill, or the end of the last lease that it left, until every account had rotated again. */
  readonly seconds: number
  /** What operators see in the end. */
  readonly states: readonly string[]
}

export async function runKills(stack: Stack, { seed, kills }: { seed: number; kills: number }): Promise<Told> {
  const { azure } = stack
  const names = azure.world.seed.accounts.map(({ name }) => name)
  const trails = followTrails(azure)
  const leases = watchLeases(stack.storage, 'keystile-local.vault.azure.net')
  const deaths: Death[] = []
  let app: AppProcess = stack.rotator

  await until('every account is published', async () => (await complaintsOf(stack)).length === 0, START_LIMIT_MS)
  const callers = await startCallers(stack)
  try {
    for (const [kill, moment] of momentsOf(seed, kills).entries()) {
      const bornAt = kill === 0 ? 0 : Date.now()
      await liveAndDie(stack, app, moment)
      deaths.push(await lookAfter(stack, trails, leases, { kill, bornAt, diedAt: Date.now() }))
      app = await startApp({ name: 'rotator', port: 0, env: stack.env('rotator') })
    }
    const restedFrom = Date.now()
    const atOnce = await complaintsOf(stack)
    const haveRotated = () => {
      trails.read()
      return names.every((name) => trails.rotations(name, restedFrom) > 0)
    }
    await until('every account rotates once more', haveRotated, REST_LIMIT_MS)
    const rested = Date.now() - Math.max(restedFrom, leases.lastOverAt())
    const complaints = { atOnce, atTheEnd: await complaintsOf(stack) }
    const states = await statesOf(stack, app.url)
    await Promise.all(deaths.flatMap(({ landings }) => landings))
    const used = await callers.stop()
    trails.read()
    const left = deaths.flatMap((death) => death.left)
    return {
      kills,
      used,
      cut: deaths.map(({ cut }) => cut),
      ...judgeQuarantines(left, trails),
      landedLate: deaths.flatMap(({ landings }) => landings).length,
      early: trails.early,
      rotations: names.reduce((sum, name) => sum + trails.rotations(name), 0),
      complaints,
      seconds: Math.max(0, rested) / 1_000,
      states,
    }
  } finally {
    await callers.stop()
    await app.close()
    await Promise.allSettled(deaths.flatMap(({ landings }) => landings))
  }
}

/** What one process left behind. */
interface Death {
  readonly left: readonly Left[]
  /** For each of them, how far its run was. */
  readonly cut: readonly Step[]
  /** What it asked for and did not live to see. */
  readonly landings: readonly Promise<void>[]
}

async function lookAfter(
  stack: Stack,
  trails: Trails,
  leases: Leases,
  { kill, bornAt, diedAt }: { kill: number; bornAt: number; diedAt: number },
): Promise<Death> {
  await sleep(ARRIVES_MS)
  stack.azure.faults.clear()
  trails.read()
  const left = await leases.clear(kill, diedAt)
  const cut = left.map(({ account }) => trails.stepOf(account, bornAt))
  const hadAll = trails.heldUp(bornAt) > 0 ? left.filter((_each, index) => cut[index] === 'keys listed') : []
  return { left, cut, landings: hadAll.flatMap(({ account }) => land(stack, account, diedAt)) }
}

async function liveAndDie({ azure }: Stack, { child }: AppProcess, { lifeMs, landsLate }: Moment): Promise<void> {
  const heldUpMs = landsLate ? Math.min(HELD_UP_MS, lifeMs) : 0
  await sleep(lifeMs - heldUpMs)
  if (landsLate) holdUpRegenerates(azure)
  await sleep(heldUpMs)
  if (child.exitCode !== null || child.signalCode !== null) throw new Error('the rotator ended before it was killed')
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

/** @returns nothing when no regenerate of the account can be on its way. */
function land({ azure }: Stack, name: string, diedAt: number): Promise<void>[] {
  const account = [...azure.world.accounts.values()].find((each) => each.name === name)
  const slot = account && slotOnItsWay(azure, account)
  if (!account || !slot) return []
  return [sleep(diedAt + LANDS_AFTER_MS - Date.now()).then(() => regenerateLate(azure, account, slot))]
}
