// The rotation of a fleet as rows of the one table. Its clock is virtual, so each scenario is played once.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Measured, single } from '../measured.ts'
import { LIMITS, type Measured as Played } from './targets.ts'

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Plays all scenarios, with their own tables on the way; the results are kept by that command. */
export async function measureRotation(): Promise<Measured[]> {
  const child = spawn(process.execPath, [...process.execArgv, file('./main.ts')], { stdio: 'inherit' })
  await once(child, 'exit')
  const { rows }: { rows: readonly Played[] } = JSON.parse(readFileSync(file('../results/rotation.json'), 'utf8'))
  return rows.filter(({ bound }) => bound).flatMap((row) => rowsOf(row, rows))
}

function rowsOf(row: Played, all: readonly Played[]): Measured[] {
  const { scenario, what, result, ratio, callsPerAccount } = row
  const { accounts, work, clock, throttled } = scenario
  const name = `${accounts.toLocaleString('en')} ${work}s, ${what}${throttled ? ', within the limits of Azure' : ''}`
  const seconds = { group: 'rotation', what: name, unit: 's', value: single(result.seconds) }
  const ideal: Measured = {
    ...seconds,
    floor: 'the ideal',
    ratio: single(ratio),
    target: { atMost: throttled ? LIMITS.throttledRatio : LIMITS.unthrottledRatio },
  }
  const calls: Measured = {
    group: 'rotation',
    what: `${name}: calls upstream for each`,
    unit: '',
    value: single(callsPerAccount),
    target: { atMost: work === 'rotation' ? LIMITS.callsPerRotation : LIMITS.callsPerCheck },
  }
  const sequential = all.find(
    (other) =>
      other.what === 'one after the other' && other.scenario.accounts === accounts && other.scenario.work === work,
  )
  if (sequential === undefined || what !== '24 at once' || clock !== 'virtual' || throttled) return [ideal, calls]
  const loop: Measured = {
    ...seconds,
    floor: 'one after the other',
    ratio: single(result.seconds / sequential.result.seconds),
  }
  return [ideal, calls, loop]
}
