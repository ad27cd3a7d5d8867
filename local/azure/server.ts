// The one TLS server behind all served hosts: reads a call, finds its route, spends a fault, answers, writes it down.

import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { ServerCertificate } from './certificates.ts'
import { createDispatch } from './dispatch.ts'
import { answerOf, type Fault, type Faults } from './faults.ts'
import type { Journal } from './journal.ts'
import { type Listening, listen } from './listen.ts'
import type { ServiceDeps } from './service.ts'
import { type Answer, type Call, Refusal, type Route } from './wire.ts'

const bodyLimitBytes = 1024 * 1024
const tooLarge = { error: { code: 'RequestEntityTooLarge', message: `The limit is ${bodyLimitBytes} bytes.` } }

export interface ServerDeps extends ServiceDeps {
  readonly routes: readonly Route[]
  readonly certificate: Pick<ServerCertificate, 'key' | 'cert'>
  readonly faults: Faults
  readonly journal: Journal
}

export function startServer(deps: ServerDeps): Promise<Listening> {
  const dispatch = createDispatch(deps.routes)

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = '/', search = ''] = splitOnce(request.url ?? '/', '?')
    const host = (request.headers.host ?? '').toLowerCase().replace(/:\d+$/, '')
    const method = request.method ?? 'GET'
    const body = await readBody(request)
    if (!body) return send(response, { status: 413, body: tooLarge })
    const match = dispatch(method, host, path)
    const call: Call = {
      method,
      host,
      path,
      params: match?.params ?? {},
      query: new URLSearchParams(search),
      headers: request.headers,
      body,
    }
    if (!match) return unknownRoute(call, response)
    // A client's first call to a vault goes without a bearer to be challenged (contract fact 6): no fault is spent on it.
    const isChallenge = match.route.name.startsWith('keyVault.') && request.headers.authorization === undefined
    const fault = isChallenge ? undefined : deps.faults.take(match.route.name, host)
    await answer(match.route, call, fault, response)
  }

  async function answer(route: Route, call: Call, fault: Fault | undefined, response: ServerResponse): Promise<void> {
    const broken = fault ? { fault: fault.kind } : {}
    switch (fault?.kind) {
      case 'hang':
        return note(route.name, call, { status: 0, details: broken })
      case 'reset-before':
        note(route.name, call, { status: 0, details: broken })
        response.destroy()
        return
    }
    const result = fault?.kind === 'status' ? answerOf(fault, route.name) : await handle(route, call)
    note(route.name, call, { ...result, details: { ...result.details, ...broken } })
    switch (fault?.kind) {
      case 'reset-after':
        response.destroy()
        return
      case 'cut-body':
        return cut(response, result)
      default:
        return send(response, result)
    }
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
    note('unknown', call, result)
    send(response, result)
  }

  function note(route: string, call: Call, { status, details }: Answer): void {
    const token = /^Bearer +(\S+)$/i.exec(call.headers.authorization ?? '')?.[1]
    // What a refused token claims is nobody's word.
    const principal = token === undefined || status === 401 ? undefined : deps.entra.claimedName(token)
    const who = principal === undefined ? {} : { principal }
    deps.journal.record({ at: deps.world.now(), route, host: call.host, status, ...who, ...details })
  }

  const server = createServer({ key: deps.certificate.key, cert: deps.certificate.cert }, (request, response) => {
    // Only a client that went away in the middle of its own request ends here.
    respond(request, response).catch(() => response.destroy())
  })
  // Longer than any client keeps an idle connection: with Node's 5 s a call now and then meets a closing socket.
  server.keepAliveTimeout = 120_000
  return listen(server, 'TLS server')
}

/** @returns Nothing when the body is over the limit. It is read to its end all the same, or no answer would get through. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size <= bodyLimitBytes) chunks.push(chunk)
  }
  return size <= bodyLimitBytes ? Buffer.concat(chunks) : undefined
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

function prepare(response: ServerResponse, answer: Answer): Buffer {
  const { status, body, headers = {} } = answer
  const isText = typeof body === 'string'
  const payload = Buffer.from(body === undefined ? '' : isText ? body : JSON.stringify(body))
  const type = isText ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8'
  response.writeHead(status, {
    ...(body === undefined ? {} : { 'content-type': type }),
    'x-ms-request-id': randomUUID(),
    ...headers,
    ...(status === 204 ? {} : { 'content-length': payload.length }),
  })
  return payload
}

function send(response: ServerResponse, answer: Answer): void {
  response.end(prepare(response, answer))
}

function cut(response: ServerResponse, answer: Answer): void {
  const payload = prepare(response, answer)
  response.write(payload.subarray(0, Math.floor(payload.length / 2)), () => response.destroy())
}
