// The claims of each kind of token, as Entra documents them (contract E1).

import { createHash, randomUUID } from 'node:crypto'
import { cloudOf } from '../clouds.ts'
import type { Seed } from '../seed.ts'
import type { ParsedMintRequest } from './mint-request.ts'

export type Claims = Record<string, unknown>

/** What is signed, but for the times. */
export interface Unsigned {
  readonly version: 1 | 2
  readonly claims: Claims
  /** Default life of this kind of token. */
  readonly lifetimeSeconds: number
}

export const issuerV1 = (seed: Seed): string => `https://${cloudOf(seed).issuerV1}/${seed.tenantId}/`
export const issuerV2 = (seed: Seed): string => `https://${cloudOf(seed).login}/${seed.tenantId}/v2.0`

/** @throws Error when the seed has no such identity or caller. */
export function claimsOf(seed: Seed, request: ParsedMintRequest): Unsigned {
  switch (request.kind) {
    case 'identity': {
      const identity = find(seed.identities, request.identity, 'identity')
      const claims = { ...appClaimsV1(seed, identity, request.resource), appidacr: '2' }
      // A managed identity's tokens live a day (contract D1: role changes lag).
      return { version: 1, claims, lifetimeSeconds: 86_400 }
    }
    case 'app':
      return appToken(seed, find(seed.callers, request.caller, 'caller'), request.resource)
    case 'user':
      return userToken(seed, find(seed.callers, request.caller, 'caller'), request)
    case 'id':
      return idToken(seed, find(seed.callers, request.caller, 'caller'), request)
  }
}

interface App {
  readonly name: string
  readonly clientId: string
  readonly objectId: string
}

export function find<T extends App>(apps: readonly T[], name: string, what: string): T {
  const found = apps.find((app) => app.name === name)
  if (!found) throw new Error(`the seed has no ${what} ${name}`)
  return found
}

const shared = (seed: Seed) => ({ tid: seed.tenantId, uti: randomUUID().replaceAll('-', '').slice(0, 22) })

const appClaimsV1 = (seed: Seed, app: App, audience: string): Claims => ({
  aud: audience,
  iss: issuerV1(seed),
  appid: app.clientId,
  appidacr: '1',
  idp: issuerV1(seed),
  oid: app.objectId,
  sub: app.objectId,
  ver: '1.0',
  ...shared(seed),
})

const appClaimsV2 = (seed: Seed, app: App): Claims => ({
  aud: seed.api.clientId,
  iss: issuerV2(seed),
  azp: app.clientId,
  azpacr: '1',
  oid: app.objectId,
  sub: app.objectId,
  ver: '2.0',
  ...shared(seed),
})

/** Absent rather than empty: Entra leaves both claims out when there is nothing to say. */
const some = (name: 'roles' | 'scp', values: readonly string[]): Claims => {
  if (values.length === 0) return {}
  return { [name]: name === 'scp' ? values.join(' ') : [...values] }
}

/** The API's own setting decides on the version, Azure's resources take v1 (contract E1). */
function appToken(seed: Seed, caller: Seed['callers'][number], resource: string | undefined): Unsigned {
  const { clientId, appIdUri, tokenVersion } = seed.api
  const forApi = resource === undefined || resource === clientId || resource === appIdUri
  const version = forApi ? tokenVersion : 1
  const roles = forApi ? some('roles', caller.roles) : {}
  const base = version === 1 ? appClaimsV1(seed, caller, resource ?? appIdUri) : appClaimsV2(seed, caller)
  return { version, claims: { ...base, ...roles }, lifetimeSeconds: 3_900 }
}

type UserRequest = Extract<ParsedMintRequest, { kind: 'user' }>

function userToken(seed: Seed, caller: App, { user, scopes, roles }: UserRequest): Unsigned {
  const version = seed.api.tokenVersion
  const base = version === 1 ? appClaimsV1(seed, caller, seed.api.appIdUri) : appClaimsV2(seed, caller)
  const claims = { ...base, ...personOf(user, seed.api.clientId), ...some('scp', scopes), ...some('roles', roles) }
  return { version, claims, lifetimeSeconds: 4_500 }
}

function idToken(seed: Seed, caller: App, request: Extract<ParsedMintRequest, { kind: 'id' }>): Unsigned {
  const audience = request.forApi ? seed.api.clientId : caller.clientId
  const base = { aud: audience, iss: issuerV2(seed), ver: '2.0', ...shared(seed) }
  return { version: 2, claims: { ...base, ...personOf(request.user, audience) }, lifetimeSeconds: 3_600 }
}

/** The same person has one `oid`, and another `sub` for each audience. */
function personOf(user: string, audience: string): Claims {
  const digest = createHash('sha256').update(user).digest('hex')
  const oid = [8, 4, 4, 4, 12].map((length, index, lengths) => {
    const start = lengths.slice(0, index).reduce((sum, each) => sum + each, 0)
    return digest.slice(start, start + length)
  })
  const sub = createHash('sha256').update(`${user} ${audience}`).digest('base64url')
  return { oid: oid.join('-'), sub, name: user, preferred_username: `${user}@example.com` }
}
