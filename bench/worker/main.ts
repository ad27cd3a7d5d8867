// How a vendor's process does with young generations of different sizes, in a heap as on an instance of 512 MB: what
// infra gives the worker as arguments was chosen by this.

import type { Built } from '../build.ts'
import { heldAgainst, type Measured, turned } from '../measured.ts'
import { type Server, startServer } from '../process.ts'
import { type Round, roundOf } from '../vend/round.ts'
import { ACCOUNT, startVendingWorld } from '../vend/world.ts'

/** Megabytes of a semi-space. Node takes the first by itself where there are 512 MB. */
const SIZES = [1, 4, 8, 16, 32] as const
const HEAP = '--max-old-space-size=256'
const CONNECTIONS = 32

export async function measureWorkers(built: Built, options: { rounds: number; seconds: number }): Promise<Measured[]> {
  const { rounds, seconds } = options
  const world = await startVendingWorld()
  const servers = new Map<number, Server>()
  try {
    for (const size of SIZES) {
      const flags = [HEAP, `--max-semi-space-size=${size}`]
      const args = [built.host, built.apps.keystile]
      servers.set(size, await startServer({ args, env: world.envOf('vendor'), flags }))
    }
    const headers = { authorization: await world.bearer() }
    const load = { path: `/api/accounts/${ACCOUNT}/token`, method: 'POST', headers, connections: CONNECTIONS } as const
    const all = new Map<number, Round[]>(SIZES.map((size) => [size, []]))
    // The first round is for the compiler, and is not counted.
    for (let round = 0; round <= rounds; round += 1)
      for (const size of turned(SIZES, round)) {
        const server = servers.get(size)
        if (server === undefined) throw new Error('a server is missing')
        const measured = await roundOf(server, { ...load, seconds })
        if (round > 0) all.get(size)?.push(measured)
      }
    return SIZES.slice(1).flatMap((size) => rowsOf(size, all.get(size) ?? [], all.get(SIZES[0]) ?? []))
  } finally {
    for (const server of servers.values()) await server.close()
    await world.close()
  }
}

function rowsOf(size: number, rounds: readonly Round[], floors: readonly Round[]): Measured[] {
  const row = (what: string, unit: string, of: (round: Round) => number): Measured =>
    heldAgainst({ group: 'worker', what: `semi-space of ${size} MB: ${what}`, unit }, rounds.map(of), {
      name: `${SIZES[0]} MB`,
      values: floors.map(of),
    })
  return [
    row('vends', '/s', ({ requests, seconds }) => requests / seconds),
    row('99 of 100 are answered within', 'ms', ({ p99 }) => p99),
    row('CPU for a vend', 'µs', ({ cpuMicros }) => cpuMicros),
    row('memory of the process', 'MB', ({ residentBytes }) => residentBytes / 1e6),
  ]
}
