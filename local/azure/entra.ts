// Entra's login host: discovery, keys and client-credentials tokens (contract E1).

import { cloudOf, hostPattern } from './clouds.ts'
import { issuerV1, issuerV2 } from './entra/claims.ts'
import { issueToken, refusal } from './entra/token-endpoint.ts'
import type { Seed } from './seed.ts'
import type { ServiceDeps } from './service.ts'
import type { Answer, Call, Route } from './wire.ts'

export function entraRoutes(deps: ServiceDeps): Route[] {
  const { seed } = deps.world
  const { tenantId } = seed
  const { login, issuerV1: oldLogin } = cloudOf(seed)
  const hosts = hostPattern(login, oldLogin)
  const route = (
    name: string,
    method: Route['method'],
    path: string,
    handle: (call: Call) => Answer | Promise<Answer>,
  ): Route => ({
    name: `entra.${name}`,
    method,
    hosts,
    path,
    handle: (call) => {
      if (call.params.tenant?.toLowerCase() !== tenantId.toLowerCase()) throw unknownTenant(call.params.tenant ?? '')
      return handle(call)
    },
  })
  const keys = (): Answer => ({ status: 200, body: { keys: deps.entra.publicKeys() } })
  const keysV2 = (): Answer => {
    const issuer = issuerV2(seed)
    return { status: 200, body: { keys: deps.entra.publicKeys().map((key) => ({ ...key, issuer })) } }
  }
  return [
    route('discoveryV2', 'GET', '/:tenant/v2.0/.well-known/openid-configuration', () => discovery(seed, 2)),
    route('discoveryV1', 'GET', '/:tenant/.well-known/openid-configuration', () => discovery(seed, 1)),
    route('keysV2', 'GET', '/:tenant/discovery/v2.0/keys', keysV2),
    route('keysV1', 'GET', '/:tenant/discovery/keys', keys),
    route('token', 'POST', '/:tenant/oauth2/v2.0/token', (call) => issueToken(deps, call)),
  ]
}

function discovery(seed: Seed, version: 1 | 2): Answer {
  const login = `https://${cloudOf(seed).login}/${seed.tenantId}`
  const part = version === 2 ? '/v2.0' : ''
  return {
    status: 200,
    body: {
      issuer: version === 2 ? issuerV2(seed) : issuerV1(seed),
      token_endpoint: `${login}/oauth2${part}/token`,
      authorization_endpoint: `${login}/oauth2${part}/authorize`,
      jwks_uri: `${login}/discovery${part}/keys`,
      token_endpoint_auth_methods_supported: ['client_secret_post'],
      response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
      subject_types_supported: ['pairwise'],
      id_token_signing_alg_values_supported: ['RS256'],
    },
  }
}

const unknownTenant = (tenant: string) => refusal(400, 'invalid_tenant', 90002, `Tenant '${tenant}' not found.`)
