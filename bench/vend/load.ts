// Load over plain sockets: always so many requests under way, each on a connection of its own that is kept open. A
// process of its own, so that it competes with the server for nothing but the machine.
//
// Not a load generator from a package: those that npm brings count whole milliseconds, or take more of the machine
// than what they measure.

import { once } from 'node:events'
import { connect } from 'node:net'

export interface Load {
  readonly port: number
  readonly path: string
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly connections: number
  readonly seconds: number
}

export interface Loaded {
  /** That were answered 200. */
  readonly requests: number
  readonly seconds: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Of the first answers that were not 200. */
  readonly refused: readonly string[]
}

const HEAD_END = '\r\n\r\n'

export async function run({ port, path, method, headers, connections, seconds }: Load): Promise<Loaded> {
  const fields = Object.entries({ host: `127.0.0.1:${port}`, ...headers }).map(([name, value]) => `${name}: ${value}`)
  const length = method === 'POST' ? ['content-length: 0'] : []
  const request = Buffer.from([`${method} ${path} HTTP/1.1`, ...fields, ...length, '', ''].join('\r\n'))
  const latencies: number[] = []
  const refused: string[] = []
  const begun = performance.now()
  const until = begun + seconds * 1_000

  async function keepAsking(): Promise<void> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    let [sentAt, missing] = [0, -1]
    let head = ''
    const ask = () => {
      ;[sentAt, missing, head] = [performance.now(), -1, '']
      socket.write(request)
    }
    /** Reads as far as this chunk goes. @returns whether the answer is complete. */
    const isComplete = (chunk: Buffer): boolean => {
      if (missing >= 0) missing -= chunk.length
      else {
        head += chunk.toString('latin1')
        const end = head.indexOf(HEAD_END)
        if (end === -1) return false
        const [, length = '0'] = /content-length: (\d+)/i.exec(head) ?? []
        missing = Number(length) - (head.length - end - HEAD_END.length)
      }
      return missing <= 0
    }
    socket.on('data', (chunk) => {
      if (!isComplete(chunk)) return
      const now = performance.now()
      if (head.startsWith('HTTP/1.1 200')) latencies.push(now - sentAt)
      else if (refused.length < 3) refused.push(head.split('\r\n', 1).join())
      if (now < until) ask()
      else socket.end()
    })
    ask()
    await once(socket, 'close')
  }

  await Promise.all(Array.from({ length: connections }, keepAsking))
  const took = (performance.now() - begun) / 1_000
  const sorted = Float64Array.from(latencies).sort()
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return { requests: latencies.length, seconds: took, p50: at(0.5), p99: at(0.99), refused }
}

const [, , given] = process.argv
if (given !== undefined && import.meta.main) process.stdout.write(JSON.stringify(await run(JSON.parse(given))))
