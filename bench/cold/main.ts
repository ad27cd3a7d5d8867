// A fresh instance: from the start of its process until it listens, until it answers, and until the first token; against
// a function app that says hello. And what it loads for that.

import type { Built } from '../build.ts'
import { heldAgainst, type Measured, single, type Target, turned } from '../measured.ts'
import { type Server, startServer } from '../process.ts'
import { ACCOUNT, startVendingWorld, type VendingWorld } from '../vend/world.ts'

/** More than elsewhere: each round is short, and one start differs from the next by more than one second of load does. */
const ROUNDS = 15

type Name = 'vendor' | 'rotator' | 'all' | 'hello'
const NAMES: readonly Name[] = ['hello', 'vendor', 'rotator', 'all']

/** Milliseconds since the process was started. */
interface Start {
  readonly readyMs: number
  /** The first answer to what the app is for: a token, the list of accounts, hello. */
  readonly firstMs: number
}

interface Loaded {
  readonly files: number
  readonly kibibytes: number
}

interface App {
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  readonly path: string
  readonly method: 'GET' | 'POST'
}

function appsOf({ apps }: Built, world: VendingWorld): Readonly<Record<Name, App>> {
  const [vendor, rotator] = [world.envOf('vendor'), world.envOf('rotator')]
  const ours = (env: Readonly<Record<string, string>>, role: string) => ({
    folder: apps.keystile,
    env: { ...env, KEYSTILE_ROLE: role },
  })
  const vending = { path: `/api/accounts/${ACCOUNT}/token`, method: 'POST' } as const
  return {
    hello: { folder: apps.hello, env: {}, path: '/api/hello', method: 'POST' },
    vendor: { ...ours(vendor, 'vendor'), ...vending },
    rotator: { ...ours(rotator, 'rotator'), path: '/api/accounts', method: 'GET' },
    all: { ...ours({ ...rotator, ...vendor }, 'all'), ...vending },
  }
}

async function ask(server: Server, { path, method }: App, authorization: string): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, { method, headers: { authorization } })
  const said = await answer.text()
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${said.slice(0, 200)}`)
}

export async function measureColdStarts(built: Built): Promise<Measured[]> {
  const world = await startVendingWorld()
  try {
    const apps = appsOf(built, world)
    const bearers = {
      hello: '',
      vendor: await world.bearer(),
      rotator: await world.bearer('operator'),
      all: await world.bearer(),
    }
    const starts: Record<Name, Start[]> = { hello: [], vendor: [], rotator: [], all: [] }
    const startOnce = async (name: Name): Promise<Start> => {
      const app = apps[name]
      const begun = performance.now()
      const server = await startServer({ args: [built.host, app.folder], env: app.env })
      const readyMs = performance.now() - begun
      await ask(server, app, bearers[name])
      const firstMs = performance.now() - begun
      await server.close()
      return { readyMs, firstMs }
    }
    for (const name of NAMES) await startOnce(name)
    for (let round = 0; round < ROUNDS; round += 1)
      for (const name of turned(NAMES, round)) starts[name].push(await startOnce(name))
    const loads = await Promise.all(NAMES.map((name) => loadOf(built, apps[name], bearers[name])))
    return NAMES.flatMap((name, at) => (name === 'hello' ? [] : rowsOf(name, starts, loads[at], loads[0])))
  } finally {
    await world.close()
  }
}

interface Loads {
  readonly ready: Loaded
  readonly first: Loaded
}

/** What of the app's folder was loaded until it listened, and until its first answer. */
async function loadOf(built: Built, app: App, bearer: string): Promise<Loads> {
  const server = await startServer({ args: [built.host, app.folder, 'files'], env: app.env })
  const loaded = async (): Promise<Loaded> => {
    const { files } = await server.usage()
    const ours = Object.entries(files).filter(([path]) => path.startsWith(app.folder))
    return { files: ours.length, kibibytes: ours.reduce((sum, [, bytes]) => sum + bytes, 0) / 1_024 }
  }
  try {
    const ready = await loaded()
    await ask(server, app, bearer)
    return { ready, first: await loaded() }
  } finally {
    await server.close()
  }
}

function rowsOf(
  name: Exclude<Name, 'hello'>,
  starts: Readonly<Record<Name, readonly Start[]>>,
  load: Loads | undefined,
  hello: Loads | undefined,
): Measured[] {
  if (load === undefined || hello === undefined) throw new Error('nothing was loaded')
  const time = (what: string, value: (start: Start) => number, target?: Target): Measured =>
    heldAgainst(
      { group: 'cold', what: `${name}: ${what}`, unit: 'ms' },
      starts[name].map(value),
      { name: 'hello', values: starts.hello.map(value) },
      target,
    )
  const size = (what: string, { files, kibibytes }: Loaded, floor: Loaded, target?: Target): Measured => ({
    group: 'cold',
    what: `${name}: loaded ${what}, in ${files} files`,
    unit: 'KiB',
    value: single(kibibytes),
    ...(target ? { target } : { floor: 'hello', ratio: single(kibibytes / floor.kibibytes) }),
  })
  // The others load all that they are made of before they are ready, and no caller waits for that.
  const isVendor = name === 'vendor'
  return [
    time('start to ready', ({ readyMs }) => readyMs, isVendor ? { atMost: 1.25 } : undefined),
    time('start to first answer', ({ firstMs }) => firstMs),
    size('when ready', load.ready, hello.ready),
    size('after the first answer', load.first, hello.first, isVendor ? { atMost: 700 } : undefined),
  ]
}
