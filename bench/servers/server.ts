// What each measured server has in common: it says where it listens, and what it has used so far.

import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'

export interface Usage {
  /** Microseconds of both kinds, since the start. */
  readonly cpuMicros: number
  readonly residentBytes: number
  /** Loaded since the start, with their bytes, where that was asked for. */
  readonly files: Readonly<Record<string, number>>
}

export type Said = { readonly port: number } | { readonly usage: Usage }

/** Tells the parent; answers each of its messages with what was used. Ends with it. */
export function serve(port: number, files: Readonly<Record<string, number>> = {}): void {
  const tell = (said: Said) => process.send?.(said)
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    tell({ usage: { cpuMicros: user + system, residentBytes: process.memoryUsage.rss(), files } })
  })
  process.once('disconnect', () => process.exit(0))
  tell({ port })
}

/** The same for one that is node:http and nothing else. */
export async function serveHttp(listener: RequestListener): Promise<void> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a server listens on a port')
  serve(address.port)
}
