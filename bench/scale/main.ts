// More accounts, more callers: the memory for each and the time of a vend from the cache stay as they are. Of the app's
// own parts in one process, without HTTP; signatures are not checked, since that happens once for a caller and its token.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Built } from '../build.ts'
import { heldAgainst, type Measured, spreadOf, type Target, turned } from '../measured.ts'
import type { Taken } from './measure.ts'
import { COUNTS, type Count, KINDS, type Kind, memoryOf, nameOf, type Size } from './sizes.ts'

/** Below, what a cache needs once weighs more than what it holds. */
const FLOOR_OF_MEMORY = 1_000
const FLOOR_OF_TIME = 10
/** Held against the targets. */
const MOST = 10_000

const SIZES: readonly Size[] = KINDS.flatMap((kind) => COUNTS.map((count) => ({ kind, count })))
const SCRIPT = fileURLToPath(new URL('./measure.ts', import.meta.url))

function measure(size: Size): Taken {
  const args = [...process.execArgv, '--expose-gc', SCRIPT, JSON.stringify(size)]
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${nameOf(size)} could not be measured: ${stderr}`)
  return JSON.parse(stdout)
}

export async function measureScale(_built: Built, { rounds }: { readonly rounds: number }): Promise<Measured[]> {
  const all = new Map<string, Taken[]>(SIZES.map((size) => [nameOf(size), []]))
  const of = (size: Size): Taken[] => all.get(nameOf(size)) ?? []
  for (let round = 0; round < rounds; round += 1) for (const size of turned(SIZES, round)) of(size).push(measure(size))
  return KINDS.flatMap((kind) => rowsOf(kind, (count) => of({ kind, count })))
}

function rowsOf(kind: Kind, of: (count: Count) => readonly Taken[]): Measured[] {
  const rows = (
    what: (size: Size) => string,
    unit: string,
    floor: Count,
    value: (taken: Taken) => number,
    target?: Target,
  ) =>
    COUNTS.map((count): Measured => {
      const values = of(count).map(value)
      const row = { group: 'scale', what: what({ kind, count }), unit }
      if (count === floor) return { ...row, value: spreadOf(values) }
      const held = { name: nameOf({ kind, count: floor }), values: of(floor).map(value) }
      return heldAgainst(row, values, held, count === MOST ? target : undefined)
    })
  const time = (what: string, value: (taken: Taken) => number, target?: Target) =>
    rows((size) => `${what}, ${nameOf(size)}`, 'µs', FLOOR_OF_TIME, value, target)
  return [
    ...rows(memoryOf, 'B', FLOOR_OF_MEMORY, ({ bytesForEach }) => bytesForEach, { atMost: 1.1 }),
    ...time('CPU for a vend', ({ cpuMicrosForVend }) => cpuMicrosForVend, { atMost: 1.5 }),
    ...time('CPU of its handler alone', ({ cpuMicrosOfHandler }) => cpuMicrosOfHandler),
  ]
}
