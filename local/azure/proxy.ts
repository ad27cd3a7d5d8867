// The only way out of a process under test: an HTTP CONNECT proxy that knows one place, and refuses all others.

import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { send } from './answering.ts'
import { type Listening, listen } from './listen.ts'

/** One attempt to go out. The counts grow until the connection ends. */
export interface Egress {
  /** Epoch milliseconds. */
  readonly at: number
  readonly host: string
  readonly port: number
  readonly allowed: boolean
  bytesOut: number
  bytesIn: number
}

export interface EgressProxy extends Listening {
  /** Oldest first; only the newest ten thousand are kept. */
  readonly egress: readonly Egress[]
}

export interface ProxyOptions {
  /** Where the served hosts really are: a TLS server on loopback. */
  readonly target: number
  readonly port?: number
  /** Whether a host is one of those; every other is refused. */
  readonly serves: (host: string) => boolean
  readonly now: () => number
  readonly log: (line: string) => void
}

const kept = 10_000

export async function startProxy({ target, port, serves, now, log }: ProxyOptions): Promise<EgressProxy> {
  const egress: Egress[] = []
  const upstream = new Set<Socket>()

  function note(host: string, toPort: number, allowed: boolean): Egress {
    const entry = { at: now(), host, port: toPort, allowed, bytesOut: 0, bytesIn: 0 }
    egress.push(entry)
    if (egress.length > kept) egress.shift()
    if (!allowed) log(`proxy: refused ${host}:${toPort}`)
    return entry
  }

  const server = createServer((request, response) => {
    const { host, port: toPort } = placeOf(request.url ?? '', 80)
    note(host, toPort, false)
    const error = { code: 'EgressRefused', message: 'this proxy does not forward plain http' }
    send(response, { status: 403, body: { error } })
  })

  server.on('connect', (request, client: Duplex, head: Buffer) => {
    const { host, port: toPort } = placeOf(`https://${request.url}`, 443)
    const entry = note(host, toPort, toPort === 443 && serves(host))
    client.on('error', () => client.destroy())
    if (!entry.allowed) {
      client.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
      return
    }
    const server = connect(target, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      if (head.length > 0) server.write(head)
      entry.bytesOut += head.length
      client.on('data', (chunk: Buffer) => {
        entry.bytesOut += chunk.length
      })
      server.on('data', (chunk) => {
        entry.bytesIn += chunk.length
      })
      client.pipe(server)
      server.pipe(client)
    })
    upstream.add(server)
    server.on('error', () => client.destroy())
    server.on('close', () => {
      upstream.delete(server)
      client.destroy()
    })
    client.on('close', () => server.destroy())
  })

  const listening = await listen(server, 'proxy', port)
  return {
    port: listening.port,
    egress,
    close: async () => {
      for (const socket of upstream) socket.destroy()
      await listening.close()
    },
  }
}

/** A target that is no address at all is refused under the name in which it was sent. */
function placeOf(url: string, usualPort: number): { host: string; port: number } {
  if (!URL.canParse(url)) return { host: url.slice(0, 253), port: usualPort }
  const { hostname, port } = new URL(url)
  return { host: hostname.toLowerCase(), port: port === '' ? usualPort : Number(port) }
}
