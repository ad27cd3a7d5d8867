// The loopback HTTP API to break and watch the stand-in while it runs. JSON in and out. Every request must carry the
// header `x-keystile-control: 1`, which no foreign web page can send without asking first, and name a loopback host,
// which a page whose own name was turned to loopback does not.

import { createServer, type IncomingMessage } from 'node:http'
import findMyWay from 'find-my-way'
import { z } from 'zod'
import { mintRequestSchema } from './entra/mint-request.ts'
import { type Faults, faultSchema } from './faults.ts'
import type { Journal } from './journal.ts'
import { type Listening, listen } from './listen.ts'
import type { EgressProxy } from './proxy.ts'
import type { ServiceDeps } from './service.ts'
import type { Answer } from './wire.ts'

export interface ControlDeps extends ServiceDeps {
  readonly faults: Faults
  readonly journal: Journal
  readonly proxy: Pick<EgressProxy, 'egress'>
}

const bodyLimitBytes = 64 * 1024

const seconds = z.number().min(0)

export const switchesSchema = z
  .strictObject({
    propagationSeconds: seconds,
    tokenSeconds: z.int().min(1),
    tokensDieWithKey: z.boolean(),
    throttling: z.boolean(),
    deletionSeconds: seconds,
    emptyPages: z.boolean(),
    accountsPerPage: z.int().min(1),
    armLimits: z.enum(['buckets', 'hourly']),
  })
  .partial()

const faultsBody = z.union([faultSchema, z.array(faultSchema)])

type Handler = (body: unknown, query: URLSearchParams) => Answer | Promise<Answer>

export function startControl(deps: ControlDeps, port?: number): Promise<Listening> {
  const { world, entra, faults, journal, proxy } = deps
  const router = findMyWay()
  const handlers = new Map<unknown, Handler>()
  const on = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, handler: Handler) => {
    const marker = () => undefined
    handlers.set(marker, handler)
    router.on(method, path, marker)
  }

  on('GET', '/faults', () => ok(faults.list()))
  on('POST', '/faults', (body) => {
    const parsed = parse(faultsBody, body)
    for (const fault of Array.isArray(parsed) ? parsed : [parsed]) faults.add(fault)
    return { status: 201, body: faults.list() }
  })
  on('DELETE', '/faults', () => {
    faults.clear()
    return { status: 204 }
  })
  on('GET', '/switches', () => ok(world.switches))
  on('PATCH', '/switches', (body) => ok(Object.assign(world.switches, parse(switchesSchema, body))))
  on('GET', '/journal', (_, query) => ok(journal.since(parse(sinceQuery, Object.fromEntries(query)).since)))
  on('GET', '/egress', () => ok(proxy.egress))
  on('GET', '/counts', () => ok(journal.counts()))
  on('POST', '/tokens', async (body) => {
    const request = parse(mintRequestSchema, body)
    return ok(await entra.mint(request).catch(refuseUnknownName))
  })

  async function respond(request: IncomingMessage): Promise<Answer> {
    if (request.headers['x-keystile-control'] !== '1') {
      request.resume()
      return problem(403, 'the header x-keystile-control: 1 is required')
    }
    if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/i.test(request.headers.host ?? '')) {
      request.resume()
      return problem(403, 'the host must be 127.0.0.1 or localhost')
    }
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1')
    const text = await readText(request)
    const found = router.find(isMethod(request.method) ? request.method : 'TRACE', pathname)
    const handler = handlers.get(found?.handler)
    if (!handler) return problem(404, 'no such route')
    return handler(text === '' ? undefined : parseJson(text), searchParams)
  }

  const server = createServer(async (request, response) => {
    const answer = await respond(request).catch((error: unknown) => {
      if (error instanceof BadInput) return problem(400, error.message)
      deps.log('control: a bug in the stand-in')
      return problem(500, 'see the log of the stand-in')
    })
    response.writeHead(answer.status, { 'content-type': 'application/json; charset=utf-8' })
    response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body))
  })
  return listen(server, 'control API', port)
}

const sinceQuery = z.strictObject({ since: z.coerce.number().int().min(0).default(0) })

const ok = (body: unknown): Answer => ({ status: 200, body })

const problem = (status: number, error: string): Answer => ({ status, body: { error } })

/** Its message names fields, never values. */
class BadInput extends Error {}

function parse<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  throw new BadInput(`does not fit: ${fieldsOf(parsed.error.issues).join(', ')}`)
}

/** The fields at fault; those of a union are a level deeper. */
function fieldsOf(issues: readonly z.core.$ZodIssue[]): string[] {
  const fields = issues.flatMap((issue) => {
    const path = issue.path.join('.')
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => [path, key].filter(Boolean).join('.'))
    if (issue.code === 'invalid_union') {
      const inner = issue.errors.flatMap((each) => fieldsOf(each))
      if (inner.some((field) => field !== '(root)')) return inner.filter((field) => field !== '(root)')
    }
    return [path || '(root)']
  })
  return [...new Set(fields)]
}

function refuseUnknownName(error: unknown): never {
  throw new BadInput(error instanceof Error ? error.message : 'unknown name')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new BadInput('the body is not JSON')
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size <= bodyLimitBytes) chunks.push(chunk)
  }
  if (size > bodyLimitBytes) throw new BadInput(`the body is over ${bodyLimitBytes} bytes`)
  return Buffer.concat(chunks).toString('utf8')
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

const isMethod = (method: string | undefined): method is Method =>
  method !== undefined && ['GET', 'POST', 'PATCH', 'DELETE'].includes(method)
