// The command `npm run smoke` as a process of its own, and a vendor that answers whatever a test says.

import { execFile } from 'node:child_process'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import type { Ended } from './poison.ts'

const command = ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', resolve(__dirname, '../../ops/smoke.ts')]

/** @param env its whole environment: no PATH, so that it finds nobody who is signed in. */
export const smoke = (args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> =>
  new Promise((done) => {
    const child = execFile(process.execPath, [...command, ...args], { env: { PATH: '', ...env } }, (_error, out, err) =>
      done({ code: child.exitCode, out, err }),
    )
  })

export interface Scripted {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: object | string
}

/** @returns its address. It is closed with `close`. */
export async function startVendor(answer: (request: IncomingMessage) => Scripted) {
  const server = createServer((request, response) => {
    const { status, headers = {}, body = {} } = answer(request)
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  const close = () => new Promise((done) => server.close(done).closeAllConnections())
  return { url: `http://127.0.0.1:${port}`, close }
}
