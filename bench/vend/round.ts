// One time of load on one server, and what the server used for it.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Server } from '../process.ts'
import type { Load, Loaded } from './load.ts'

const LOAD = fileURLToPath(new URL('./load.ts', import.meta.url))

/** One time of load. */
export interface Round extends Loaded {
  /** For a request. */
  readonly cpuMicros: number
  readonly residentBytes: number
}

/** In a process of its own: what it leaves behind is not collected at the cost of the next round. */
async function loadOf(load: Load): Promise<Loaded> {
  const child = spawn(process.execPath, [LOAD, JSON.stringify(load)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  })
  const [said] = await Promise.all([text(child.stdout), once(child, 'exit')])
  const loaded: Loaded = JSON.parse(said)
  const [refused] = loaded.refused
  if (refused !== undefined) throw new Error(`a request was answered with ${refused}`)
  return loaded
}

export async function roundOf(server: Server, load: Omit<Load, 'port'>): Promise<Round> {
  const before = await server.usage()
  const loaded = await loadOf({ ...load, port: server.port })
  const after = await server.usage()
  const cpuMicros = (after.cpuMicros - before.cpuMicros) / loaded.requests
  return { ...loaded, cpuMicros, residentBytes: after.residentBytes }
}
