// The HTTP side of the host: functions by their routes, the admin endpoint, CORS; on loopback only.

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { bindToLoopback, PortError } from '../bind.ts'
import { functionToRun, handleAdmin } from './admin.ts'
import { applyCors, type CorsOptions } from './cors.ts'
import { describeError, StartError } from './errors.ts'
import { type HostFunction, textOption } from './functions.ts'
import { hasLength, readBody, requestUrl, toHttpData } from './http-request.ts'
import { sendEmpty, sendReturnValue } from './http-response.ts'
import type { Call, Outcome } from './invoke.ts'
import { createRouter, type Route, type Router } from './routes.ts'

export interface HttpDeps {
  readonly functions: readonly HostFunction[]
  readonly routePrefix: string
  readonly cors: CorsOptions
  readonly invoke: (target: HostFunction, call: Call) => Promise<Outcome>
  readonly logError: (message: string) => void
}

export interface HttpServer {
  readonly port: number
  /** Until then every request is answered 503. */
  serve(deps: HttpDeps): void
  /** Takes no new connections or requests. @returns When those that are being answered have their answer. */
  stopListening(): Promise<void>
  /** Cuts what is still open. */
  close(): void
}

/**
 * @param port 0 picks a free one.
 * @throws {StartError} When the port cannot be had.
 */
export async function listen(port: number): Promise<HttpServer> {
  let answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined
  const open = new Set<ServerResponse>()
  const server = createServer((request, response) => {
    open.add(response)
    response.once('close', () => open.delete(response))
    if (answer) return answer(request, response)
    response.setHeader('connection', 'close')
    sendEmpty(response, 503)
  })
  const bound = await bindToLoopback(server, port).catch((err: unknown) => {
    throw err instanceof PortError ? new StartError(`${err.message}: stop what holds it, or choose another`) : err
  })
  return {
    port: bound,
    serve: (deps) => {
      answer = createAnswer(deps)
    },
    async stopListening() {
      answer = undefined
      server.close()
      await Promise.all([...open].map((response) => once(response, 'close')))
    },
    close: () => server.closeAllConnections(),
  }
}

/** @returns The route of each enabled HTTP function, with the prefix. */
export function httpRoutes(functions: readonly HostFunction[], routePrefix: string): readonly Route<HostFunction>[] {
  return functions
    .filter(({ kind, disabled }) => kind === 'http' && !disabled)
    .map((target) => {
      const { methods } = target.trigger
      const route = (textOption(target.trigger, 'route') ?? target.name).replaceAll(/^\/+|\/+$/g, '')
      return {
        target,
        methods: Array.isArray(methods) ? methods.map((method) => String(method).toUpperCase()) : [],
        template: [routePrefix, route].filter((part) => part !== '').join('/'),
      }
    })
}

function createAnswer(deps: HttpDeps) {
  const router = createRouter(httpRoutes(deps.functions, deps.routePrefix))
  return (request: IncomingMessage, response: ServerResponse) => {
    answer(request, response, router, deps).catch((err: unknown) => {
      // A sender that went away needs no answer; anything else is 500, as empty as every failure's.
      if (response.headersSent || request.destroyed) return void response.destroy()
      deps.logError(`HTTP answer failed: ${describeError(err)}`)
      for (const name of response.getHeaderNames()) response.removeHeader(name)
      sendEmpty(response, 500)
    })
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  router: Router<HostFunction>,
  { functions, cors, invoke }: HttpDeps,
): Promise<void> {
  if (applyCors(request, response, cors)) return
  const path = (request.url ?? '').split('?', 1)[0] ?? ''
  const url = path.startsWith('/') ? requestUrl(request) : null
  if (!url) return refuse(request, response, 400)
  const asked = functionToRun(request, path)
  if (asked !== undefined) {
    const begin = (target: HostFunction, call: Call) => void invoke(target, call)
    return refuse(request, response, await handleAdmin(request, asked, { functions, begin }))
  }
  const found = router(request.method ?? 'GET', path)
  if (!found) return refuse(request, response, 404)
  let body: Buffer | 'too-large' = Buffer.alloc(0)
  if (!hasLength(request)) request.resume()
  else body = await readBody(request)
  if (body === 'too-large') return refuse(request, response, 413)
  const outcome = await invoke(found.target, {
    input: toHttpData(request, url, found.params, body),
    traceParent: firstValue(request.headers.traceparent),
    reason: 'This function was programmatically called via the host APIs.',
  })
  if (outcome.kind === 'succeeded') sendReturnValue(response, outcome.response.returnValue)
  else sendEmpty(response, 500)
}

/** Whatever the sender still has to send is not read. */
function refuse(request: IncomingMessage, response: ServerResponse, status: number): void {
  if (!request.complete) response.setHeader('connection', 'close')
  sendEmpty(response, status)
}

const firstValue = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value)
