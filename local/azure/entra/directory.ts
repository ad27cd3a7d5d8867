// Entra without its routes: signs tokens, judges them, keeps the client secrets of this start.

import { randomBytes } from 'node:crypto'
import { base64url, errors, jwtVerify, SignJWT } from 'jose'
import type { Entra, Principal, Verified } from '../service.ts'
import type { World } from '../world.ts'
import { type Claims, claimsOf, find, issuerV1, issuerV2 } from './claims.ts'
import { mintRequestSchema, type ParsedMintRequest } from './mint-request.ts'
import { makeSigningKey, type SigningKey } from './signing-keys.ts'

export async function createEntra(world: Pick<World, 'seed' | 'now'>): Promise<Entra> {
  const { seed, now } = world
  const secrets = new Map(seed.callers.map(({ name }) => [name, randomBytes(30).toString('base64url')]))
  let current = await makeSigningKey()
  let keys: SigningKey[] = [current]

  async function sign(header: Claims, claims: Claims, how: ParsedMintRequest['sign']): Promise<string> {
    if (how === 'none') return `${encode({ ...header, alg: 'none' })}.${encode(claims)}.`
    if (how === 'hs256') {
      // The classic confusion: the published key, which anybody has, used as a shared secret.
      const published = Buffer.from(current.publicKey.export({ format: 'pem', type: 'spki' }))
      return new SignJWT(claims).setProtectedHeader({ ...header, alg: 'HS256' }).sign(published)
    }
    const key = how === 'other-key' ? await makeSigningKey() : current
    const alg = how === 'rs512' || how === 'ps256' ? how.toUpperCase() : 'RS256'
    const crit = Object.fromEntries([header.crit ?? []].flat().map((name) => [String(name), true]))
    return new SignJWT(claims).setProtectedHeader({ ...header, alg }).sign(key.privateKey, { crit })
  }

  function principalOf(claims: Claims): Principal {
    const objectId = textOf(claims.oid)
    return {
      name: nameOf(objectId) ?? objectId,
      tenantId: textOf(claims.tid),
      objectId,
      clientId: textOf(claims.appid ?? claims.azp),
    }
  }

  const nameOf = (objectId: string): string | undefined =>
    [...seed.identities, ...seed.callers].find((known) => known.objectId === objectId)?.name

  return {
    tenantId: seed.tenantId,

    async mint(request) {
      const parsed = mintRequestSchema.parse(request)
      const { version, claims, lifetimeSeconds } = claimsOf(seed, parsed)
      const issued = Math.floor(now() / 1000)
      const expires = issued + (parsed.lifetimeSeconds ?? lifetimeSeconds)
      const header = { typ: 'JWT', alg: 'RS256', kid: current.kid, ...(version === 1 ? { x5t: current.kid } : {}) }
      // A token that is born expired was valid once.
      const times = { iat: Math.min(issued, expires - 1), nbf: Math.min(issued, expires - 1), exp: expires }
      const token = await sign(
        override(header, parsed.header),
        override({ ...claims, ...times }, parsed.claims),
        parsed.sign,
      )
      return { token, expires }
    },

    async verify(token, audiences): Promise<Verified> {
      try {
        const { payload } = await jwtVerify(
          token,
          ({ kid }) => {
            const key = keys.find((candidate) => candidate.kid === kid)
            if (!key) throw new errors.JWKSNoMatchingKey()
            return key.publicKey
          },
          { algorithms: ['RS256'], requiredClaims: ['exp', 'iss', 'aud', 'oid', 'tid'], currentDate: new Date(now()) },
        )
        const audience = Array.isArray(payload.aud) ? undefined : payload.aud
        if (audience === undefined || !audiences.includes(audience)) return { kind: 'wrong-audience' }
        const issuers = [issuerV1(seed), issuerV2(seed)]
        if (payload.tid !== seed.tenantId || !issuers.includes(payload.iss ?? '')) return { kind: 'wrong-tenant' }
        return { kind: 'ok', principal: principalOf(payload) }
      } catch (error) {
        return { kind: error instanceof errors.JWTExpired ? 'expired' : 'invalid' }
      }
    },

    clientSecret: (callerName) => secrets.get(find(seed.callers, callerName, 'caller').name) ?? '',

    async rollKey(how) {
      current = await makeSigningKey()
      keys = how === 'add' ? [...keys, current] : [current]
    },

    publicKeys: () => keys.map(({ jwk }) => jwk),
  }
}

const encode = (part: Claims): string => base64url.encode(JSON.stringify(part))

const textOf = (claim: unknown): string => (typeof claim === 'string' ? claim : '')

const override = (base: Claims, changes: Claims = {}): Claims =>
  Object.fromEntries(Object.entries({ ...base, ...changes }).filter(([, value]) => value !== null))
