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

interface Setting {
  readonly built: Built
  readonly world: VendingWorld
  readonly sts: Server
  /** Of each round of load. */
  readonly seconds: number
}

type Take = (name: Name, connections: number, round: Round) => void

export async function measureVends(
  built: Built,
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number },
): Promise<Measured[]> {
  const world = await startVendingWorld()
  const sts = await startServer({ args: [file('../servers/slow-sts.ts')] })
  try {
    const all = new Map<string, Round[]>()
    const of = (name: Name, connections: number): Round[] => all.get(`${name} ${connections}`) ?? []
    const take: Take = (name, connections, round) =>
      void all.set(`${name} ${connections}`, [...of(name, connections), round])
    let exchanges = 0
    for (let round = 0; round < rounds; round += 1)
      exchanges += await playRound({ built, world, sts, seconds }, turned(NAMES, round), take)
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
    await sts.close()
    await world.close()
  }
}

/**
 * All servers in turn, in new processes: one may be luckier with its memory than the next, for as long as it lives.
 *
 * @returns calls of the token service, once the servers were warm.
 */
async function playRound(setting: Setting, names: readonly Name[], take: Take): Promise<number> {
  const { world, seconds } = setting
  const started: Server[] = []
  const start = async (args: readonly string[], env = {}): Promise<Server> => {
    const server = await startServer({ args, env })
    started.push(server)
    return server
  }
  try {
    const servers = await startAll(setting, start)
    const headers = { authorization: await world.bearer() }
    const ask = (name: Name, connections: number, forSeconds: number) => {
      const [server, path] = servers[name]
      return roundOf(server, { path, method: 'POST', headers, connections, seconds: forSeconds })
    }
    for (const name of names) await ask(name, 32, WARM_SECONDS)
    const before = world.exchanges()
    for (const connections of CONNECTIONS)
      for (const name of names) take(name, connections, await ask(name, connections, seconds))
    return world.exchanges() - before
  } finally {
    for (const server of started) await server.close()
  }
}

/** Each with the path that it is asked for. */
async function startAll(
  { built: { host, apps }, world, sts }: Setting,
  start: (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<Server>,
): Promise<Readonly<Record<Name, readonly [Server, string]>>> {
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
