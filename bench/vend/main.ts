// A vend from the cache, against a function that says hello (with the library as it is shipped, and compiled as ours
// is), node:http, and a server that asks the token service each time; with as many callers at once as there are
// connections.

import { fileURLToPath } from 'node:url'
import type { Built } from '../build.ts'
import { heldAgainst, type Measured, single, type Target, turned } from '../measured.ts'
import { type Server, startServer } from '../process.ts'
import { type Round, roundOf } from './round.ts'
import { ACCOUNT, startVendingWorld, type VendingWorld } from './world.ts'

const CONNECTIONS = [1, 32, 256] as const
const NAMES = ['vend', 'hello', 'lean hello', 'node:http', 'ask each time'] as const
type Name = (typeof NAMES)[number]
const WARM_SECONDS = 2

/** Against the server that asks each time. */
const AGAINST_ASKING = { 1: 250, 32: 15, 256: 2 } as const

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export async function measureVends(
  built: Built,
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number },
): Promise<Measured[]> {
  const closers: (() => Promise<void>)[] = []
  const keep = <T extends { close(): Promise<void> }>(started: T): T => {
    closers.push(started.close)
    return started
  }
  try {
    const world = keep(await startVendingWorld())
    const sts = keep(await startServer({ args: [file('../servers/slow-sts.ts')] }))
    const headers = { authorization: await world.bearer() }
    const all = new Map<string, Round[]>()
    const of = (name: Name, connections: number): Round[] => {
      const rounds = all.get(`${name} ${connections}`) ?? []
      all.set(`${name} ${connections}`, rounds)
      return rounds
    }
    let exchanges = 0
    for (let round = 0; round < rounds; round += 1) {
      // One process may be luckier with its memory than the next, for as long as it lives.
      const servers = await startAll(built, world, sts, keep)
      const ask = (name: Name, connections: number, forSeconds: number) => {
        const [server, path] = servers[name]
        return roundOf(server, { path, method: 'POST', headers, connections, seconds: forSeconds })
      }
      for (const name of NAMES) await ask(name, 32, WARM_SECONDS)
      const before = world.exchanges()
      for (const connections of CONNECTIONS)
        for (const name of turned(NAMES, round)) of(name, connections).push(await ask(name, connections, seconds))
      exchanges += world.exchanges() - before
      for (const [server] of Object.values(servers)) await server.close()
    }
    return [
      ...CONNECTIONS.flatMap((connections) => rowsOf(connections, (name) => of(name, connections))),
      {
        group: 'vend',
        what: 'calls of the token service for all vends of this table',
        unit: '',
        value: single(exchanges),
        target: { atMost: 2 },
      },
    ]
  } finally {
    // One that was closed with its round is left as it is.
    for (const close of closers.reverse()) await close()
  }
}

/** Each with the path that it is asked for. */
async function startAll(
  { host, apps }: Built,
  world: VendingWorld,
  sts: Server,
  keep: (server: Server) => Server,
): Promise<Readonly<Record<Name, readonly [Server, string]>>> {
  const start = async (args: readonly string[], env = {}) => keep(await startServer({ args, env }))
  const asking = { SPEECH_KEY: 'not-a-key', STS_URL: `http://127.0.0.1:${sts.port}/` }
  return {
    vend: [await start([host, apps.keystile], world.envOf('vendor')), `/api/accounts/${ACCOUNT}/token`],
    hello: [await start([host, apps.hello]), '/api/hello'],
    'lean hello': [await start([host, apps['lean-hello']]), '/api/hello'],
    'node:http': [await start([file('../servers/node-http.ts')]), '/'],
    'ask each time': [await start([host, apps['ask-each-time']], asking), '/api/token'],
  }
}

function rowsOf(connections: (typeof CONNECTIONS)[number], of: (name: Name) => readonly Round[]): Measured[] {
  const held = connections === 1 ? {} : { throughput: { atLeast: 0.9 }, cpu: { atMost: 1.2 }, p99: { atMost: 1.3 } }
  const targets: Partial<Record<'throughput' | 'cpu' | 'p99', Target>> = held
  const row = (what: string, unit: string, floor: Name, value: (round: Round) => number, target?: Target): Measured =>
    heldAgainst(
      { group: 'vend', what: `${what}, ${connections} at once`, unit },
      of('vend').map(value),
      { name: floor, values: of(floor).map(value) },
      target,
    )
  const perSecond = ({ requests, seconds }: Round) => requests / seconds
  return [
    row('vends', '/s', 'hello', perSecond, targets.throughput),
    row('vends', '/s', 'lean hello', perSecond),
    row('vends', '/s', 'node:http', perSecond),
    row('vends', '/s', 'ask each time', perSecond, { atLeast: AGAINST_ASKING[connections] }),
    row('CPU for a vend', 'µs', 'hello', ({ cpuMicros }) => cpuMicros, targets.cpu),
    row('CPU for a vend', 'µs', 'lean hello', ({ cpuMicros }) => cpuMicros),
    row('half are answered within', 'ms', 'hello', ({ p50 }) => p50),
    row('99 of 100 are answered within', 'ms', 'hello', ({ p99 }) => p99, targets.p99),
    row('memory of the process', 'MB', 'hello', ({ residentBytes }) => residentBytes / 1e6),
  ]
}
