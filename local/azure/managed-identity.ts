// The managed identity endpoint that App Service gives to an app, protocol 2019-08-01 (contract D1). Plain http on
// loopback is the real case, too. The secret header decides which identity is had.

import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { isAzureResource } from './entra/resources.ts'
import { answerOf, type Faults } from './faults.ts'
import type { Journal } from './journal.ts'
import { type Listening, listen } from './listen.ts'
import type { Seed } from './seed.ts'
import type { ServiceDeps } from './service.ts'
import { type Answer, Refusal } from './wire.ts'

type Identity = Seed['identities'][number]

export interface IdentityEndpoint extends Listening {
  readonly url: string
  /** IDENTITY_HEADER of an identity. @throws Error for a name that the seed does not have. */
  header(identityName: string): string
}

export interface IdentityDeps extends ServiceDeps {
  readonly faults: Faults
  readonly journal: Journal
}

const path = '/msi/token'
const route = 'identity.token'

export async function startManagedIdentity(deps: IdentityDeps, port?: number): Promise<IdentityEndpoint> {
  const { world, faults, journal } = deps
  const headers = new Map(world.seed.identities.map((identity) => [randomBytes(24).toString('hex'), identity]))

  async function respond(request: IncomingMessage): Promise<Answer> {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    if (url.pathname !== path || request.method !== 'GET') {
      deps.log(`no route for ${request.method} ${url.pathname} at the managed identity endpoint`)
      return problem(404, 'Not found.')
    }
    const identity = identityOf(headers, request)
    const fault = faults.take(route, '127.0.0.1')
    if (fault?.kind === 'status') return answerOf(fault, route)
    if (fault) return { status: 0, details: { fault: fault.kind } }
    return { ...(await tokenFor(deps, identity, url.searchParams)), details: { principal: identity.name } }
  }

  const server = createServer(async (request, response) => {
    const answer = await respond(request).catch((error: unknown) => {
      if (error instanceof Refusal) return error.answer
      deps.log(`${route}: a bug in the stand-in`)
      return problem(500, 'see the log of the stand-in')
    })
    journal.record({ at: world.now(), route, host: '127.0.0.1', status: answer.status, ...answer.details })
    if (answer.status === 0) {
      if (answer.details?.fault !== 'hang') response.destroy()
      return
    }
    response.writeHead(answer.status, { 'content-type': 'application/json; charset=utf-8', ...answer.headers })
    response.end(JSON.stringify(answer.body))
  })

  const listening = await listen(server, 'managed identity endpoint', port)
  return {
    ...listening,
    url: `http://127.0.0.1:${listening.port}${path}`,
    header: (identityName) => {
      for (const [header, { name }] of headers) if (name === identityName) return header
      throw new Error(`the seed has no identity ${identityName}`)
    },
  }
}

const problem = (statusCode: number, message: string): Answer => ({
  status: statusCode,
  body: { statusCode, message, correlationId: randomUUID() },
})

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

function identityOf(headers: ReadonlyMap<string, Identity>, { headers: sent }: IncomingMessage): Identity {
  const given = sent['x-identity-header']
  for (const [header, identity] of headers) {
    if (typeof given === 'string' && timingSafeEqual(digest(given), digest(header))) return identity
  }
  throw new Refusal(problem(401, 'The header X-IDENTITY-HEADER is missing or wrong.'))
}

async function tokenFor({ entra, world }: ServiceDeps, identity: Identity, query: URLSearchParams): Promise<Answer> {
  if (query.get('api-version') !== '2019-08-01') return problem(400, 'The api-version is not supported.')
  const resource = query.get('resource')
  if (!resource) return problem(400, 'The parameter resource is missing.')
  if (!isMeant(identity, query, world.seed)) {
    return problem(
      400,
      'No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.',
    )
  }
  if (!isAzureResource(resource)) return problem(400, `AADSTS500011: The resource principal ${resource} was not found.`)
  const { token, expires } = await entra.mint({ kind: 'identity', identity: identity.name, resource })
  const body = {
    access_token: token,
    expires_on: String(expires),
    resource,
    token_type: 'Bearer',
    client_id: identity.clientId,
  }
  return { status: 200, body }
}

/** Whether whatever the query selects is this identity; a query that selects nothing means it. */
function isMeant(identity: Identity, query: URLSearchParams, seed: Seed): boolean {
  const selectors: Record<string, string> = {
    client_id: identity.clientId,
    object_id: identity.objectId,
    mi_res_id: resourceIdOf(identity, seed),
  }
  return Object.entries(selectors).every(([name, own]) => {
    const asked = query.get(name)
    return asked === null || asked.toLowerCase() === own.toLowerCase()
  })
}

function resourceIdOf({ name }: Identity, { subscriptions: [home] }: Seed): string {
  const group = `/subscriptions/${home?.id}/resourceGroups/${home?.resourceGroups[0]}`
  return `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`
}
