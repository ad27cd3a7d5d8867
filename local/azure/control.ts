// The loopback HTTP API to break and watch the stand-in while it runs. JSON in and out. Every request must carry the
// key of this start in the header `x-keystile-control`, so that only who was told it comes in, and name a loopback
// host, which a web page whose own name was turned to loopback does not.

import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import findMyWay from 'find-my-way'
import { z } from 'zod'
import { send } from './answering.ts'
import { mintRequestSchema } from './entra/mint-request.ts'
import { type Faults, faultSchema } from './faults.ts'
import type { Journal } from './journal.ts'
import { type Listening, listen } from './listen.ts'
import type { EgressProxy } from './proxy.ts'
import { readBody } from './read-body.ts'
import { isSameSecret } from './same-secret.ts'
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
    tokensDieWithKey: z.union([z.boolean(), z.array(z.string())]),
    throttling: z.boolean(),
    deletionSeconds: seconds,
    emptyPages: z.boolean(),
    accountsPerPage: z.int().min(1),
    armLimits: z.enum(['buckets', 'hourly']),
  })
  .partial()

const faultsBody = z.union([faultSchema, z.array(faultSchema)])

type Handler = (body: unknown, query: URLSearchParams) => Answer | Promise<Answer>

export interface Control extends Listening {
  /** What the header `x-keystile-control` must say. Made anew at every start. */
  readonly key: string
}

export async function startControl(deps: ControlDeps, port?: number): Promise<Control> {
  const key = randomBytes(16).toString('hex')
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
    if (!isSameSecret(String(request.headers['x-keystile-control']), key)) {
      request.resume()
      return problem(403, 'the header x-keystile-control must hold the key of this start')
    }
    if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/i.test(request.headers.host ?? '')) {
      request.resume()
      return problem(403, 'the host must be 127.0.0.1 or localhost')
    }
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1')
    const body = await readBody(request, bodyLimitBytes)
    if (!body) return problem(413, `the body is over ${bodyLimitBytes} bytes`)
    const text = body.toString('utf8')
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
    send(response, answer)
  })
  return { ...(await listen(server, 'control API', port)), key }
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

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

const isMethod = (method: string | undefined): method is Method =>
  method !== undefined && ['GET', 'POST', 'PATCH', 'DELETE'].includes(method)
