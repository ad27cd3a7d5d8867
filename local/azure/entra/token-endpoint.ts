// POST /{tenant}/oauth2/v2.0/token for client credentials, and how it words a refusal.

import { randomInt } from 'node:crypto'
import { cloudOf } from '../clouds.ts'
import { isSameSecret } from '../same-secret.ts'
import type { Seed } from '../seed.ts'
import type { ServiceDeps } from '../service.ts'
import { type Answer, type Call, mediaTypeOf, Refusal } from '../wire.ts'
import { isAzureResource } from './resources.ts'

/** The OAuth error and Entra's own number, as in `{"error":"invalid_client","error_codes":[7000215]}`. */
export function refusal(status: number, error: string, code: number, text: string): Refusal {
  const description = `AADSTS${code}: ${text}`
  return new Refusal({ status, body: { error, error_description: description, error_codes: [code] } })
}

export async function issueToken({ world, entra }: ServiceDeps, call: Call): Promise<Answer> {
  // A body of another type is not looked into: Entra then misses the first parameter.
  const isForm = mediaTypeOf(call) === 'application/x-www-form-urlencoded'
  const form = new URLSearchParams(isForm ? call.body.toString('utf8') : '')
  const grantType = required(form, 'grant_type')
  if (grantType !== 'client_credentials') {
    throw refusal(400, 'unsupported_grant_type', 70003, `The app requested an unsupported grant type '${grantType}'.`)
  }
  const clientId = required(form, 'client_id')
  const scope = required(form, 'scope')
  const caller = world.seed.callers.find((known) => known.clientId.toLowerCase() === clientId.toLowerCase())
  if (!caller) {
    throw refusal(400, 'unauthorized_client', 700016, `Application '${clientId}' was not found in the directory.`)
  }
  const secret = form.get('client_secret')
  if (!secret) throw refusal(401, 'invalid_client', 7000216, `'client_assertion' or 'client_secret' is required.`)
  if (!isSameSecret(secret, entra.clientSecret(caller.name))) {
    throw refusal(401, 'invalid_client', 7000215, `Invalid client secret provided for app '${clientId}'.`)
  }
  const resource = resourceOf(scope, world.seed)
  // "60 to 90 minutes at random" (contract E1).
  const lifetimeSeconds = randomInt(3_600, 5_401)
  const { token } = await entra.mint({ kind: 'app', caller: caller.name, resource, lifetimeSeconds })
  const body = {
    token_type: 'Bearer',
    expires_in: lifetimeSeconds,
    ext_expires_in: lifetimeSeconds,
    access_token: token,
  }
  const headers = { 'cache-control': 'no-store, no-cache', pragma: 'no-cache' }
  return { status: 200, headers, body, details: { principal: caller.name } }
}

function required(form: URLSearchParams, name: string): string {
  const value = form.get(name)
  if (!value) {
    throw refusal(400, 'invalid_request', 900144, `The request body must contain the following parameter: '${name}'.`)
  }
  return value
}

function resourceOf(scope: string, seed: Seed): string {
  const { api } = seed
  const suffix = '/.default'
  if (!scope.endsWith(suffix)) {
    throw refusal(400, 'invalid_scope', 1002012, `The provided value for scope ${scope} is not valid.`)
  }
  const resource = scope.slice(0, -suffix.length)
  if (resource !== api.clientId && resource !== api.appIdUri && !isAzureResource(cloudOf(seed), resource)) {
    throw refusal(
      400,
      'invalid_resource',
      500011,
      `The resource principal named ${resource} was not found in the tenant.`,
    )
  }
  return resource
}
