// The managed identity endpoint that App Service gives to an app, protocol 2019-08-01 (contract D1). Plain http on
// loopback is the real case, too. The secret header decides which identity is had.

import { randomBytes, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { carryOut, send } from './answering.ts'
import { cloudOf } from './clouds.ts'
import { isAzureResource } from './entra/resources.ts'
import type { Faults } from './faults.ts'
import type { Journal } from './journal.ts'
import { type Listening, listen } from './listen.ts'
import { isSameSecret } from './same-secret.ts'
import type { Seed } from './seed.ts'
import type { ServiceDeps } from './service.ts'
import type { Answer } from './wire.ts'

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

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume()
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    if (url.pathname !== path || request.method !== 'GET') {
      deps.log(`no route for ${request.method} ${url.pathname} at the managed identity endpoint`)
      return send(response, problem(404, 'Not found.'))
    }
    const identity = identityOf(headers, request)
    const note = ({ status, details }: Answer) => {
      const who = identity ? { principal: identity.name } : {}
      journal.record({ at: world.now(), route, host: '127.0.0.1', status, ...who, ...details })
    }
    const act = async () => (identity ? tokenFor(deps, identity, url.searchParams) : wrongHeader)
    // As before a vault's challenge: who is not known spends no fault.
    const fault = identity && faults.take(route, '127.0.0.1', path)
    const sent = () => JSON.stringify(request.headers)
    await carryOut({ route, fault, sent, act, note }, response)
  }

  const server = createServer((request, response) => {
    respond(request, response).catch(() => {
      deps.log(`${route}: a bug in the stand-in`)
      response.destroy()
    })
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

function identityOf(headers: ReadonlyMap<string, Identity>, { headers: sent }: IncomingMessage): Identity | undefined {
  const given = sent['x-identity-header']
  for (const [header, identity] of headers) {
    if (typeof given === 'string' && isSameSecret(given, header)) return identity
  }
  return undefined
}

const wrongHeader = problem(401, 'The header X-IDENTITY-HEADER is missing or wrong.')

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
  if (!isAzureResource(cloudOf(world.seed), resource))
    return problem(400, `AADSTS500011: The resource principal ${resource} was not found.`)
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
