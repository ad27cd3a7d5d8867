// The one TLS server behind all served hosts: reads a call, finds its route, spends a fault, answers, writes it down.

import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { TLSSocket } from 'node:tls'
import { carryOut, send } from './answering.ts'
import type { ServerCertificate } from './certificates.ts'
import { createDispatch } from './dispatch.ts'
import type { Faults } from './faults.ts'
import type { Journal } from './journal.ts'
import { type Listening, listen } from './listen.ts'
import { readBody } from './read-body.ts'
import type { ServiceDeps } from './service.ts'
import { type Answer, type Call, Refusal, type Route } from './wire.ts'

const bodyLimitBytes = 1024 * 1024
const tooLarge: Answer = {
  status: 413,
  body: { error: { code: 'RequestEntityTooLarge', message: `The limit is ${bodyLimitBytes} bytes.` } },
}
const misdirected: Answer = {
  status: 421,
  body: { error: { code: 'MisdirectedRequest', message: 'The Host header is not the name of the TLS connection.' } },
}

export interface ServerDeps extends ServiceDeps {
  readonly routes: readonly Route[]
  readonly certificate: Pick<ServerCertificate, 'key' | 'cert'>
  readonly faults: Faults
  readonly journal: Journal
  /** Sees each call as it came in, credentials and all. */
  readonly onCall?: ((call: Call) => void) | undefined
}

export function startServer(deps: ServerDeps): Promise<Listening> {
  const dispatch = createDispatch(deps.routes)

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('x-ms-request-id', randomUUID())
    const [path = '/', search = ''] = splitOnce(request.url ?? '/', '?')
    const host = (request.headers.host ?? '').toLowerCase().replace(/:\d+$/, '')
    const method = request.method ?? 'GET'
    const body = await readBody(request, bodyLimitBytes)
    if (!body) return send(response, tooLarge)
    if (host !== serverNameOf(request)) return send(response, misdirected)
    const match = dispatch(method, host, path)
    const call: Call = {
      method,
      host,
      path,
      params: match?.params ?? {},
      query: new URLSearchParams(search),
      headers: request.headers,
      body,
      caller: {},
    }
    deps.onCall?.(call)
    if (!match) return unknownRoute(call, response)
    const { route } = match
    // A client's first call to a vault goes without a bearer to be challenged (contract fact 6): no fault is spent on it.
    const isChallenge = route.name.startsWith('keyVault.') && request.headers.authorization === undefined
    const fault = isChallenge ? undefined : deps.faults.take(route.name, host, path)
    const note = (answer: Answer) => record(route.name, call, answer)
    const sent = () => `${JSON.stringify(request.headers)} ${body}`
    await carryOut({ route: route.name, fault, sent, act: () => handle(route, call), note }, response)
  }

  async function handle(route: Route, call: Call): Promise<Answer> {
    try {
      return await route.handle(call)
    } catch (error) {
      if (error instanceof Refusal) return error.answer
      deps.log(`${route.name}: a bug in the stand-in: ${error instanceof Error ? error.stack : 'unknown'}`)
      return { status: 500, body: { error: { code: 'StandInBug', message: 'see the log of the stand-in' } } }
    }
  }

  function unknownRoute(call: Call, response: ServerResponse): void {
    deps.log(`no route for ${call.method} https://${call.host}${call.path}`)
    const result = { status: 404, body: { error: { code: 'NotFound', message: 'the stand-in has no such route' } } }
    record('unknown', call, result)
    send(response, result)
  }

  function record(route: string, { host, caller }: Call, { status, details }: Answer): void {
    const who = caller.name === undefined ? {} : { principal: caller.name }
    deps.journal.record({ at: deps.world.now(), route, host, status, ...who, ...details })
  }

  const server = createServer({ key: deps.certificate.key, cert: deps.certificate.cert }, (request, response) => {
    // Only a client that went away in the middle of its own request ends here.
    respond(request, response).catch(() => response.destroy())
  })
  // Longer than any client keeps an idle connection: with Node's 5 s a call now and then meets a closing socket.
  server.keepAliveTimeout = 120_000
  return listen(server, 'TLS server')
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

/** The name that the client asked TLS for, and trusts; the Host header must say the same. */
function serverNameOf({ socket }: IncomingMessage): string | undefined {
  const name = socket instanceof TLSSocket && 'servername' in socket ? socket.servername : undefined
  return typeof name === 'string' ? name.toLowerCase() : undefined
}
