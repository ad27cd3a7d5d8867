// Entra in the stand-in: discovery, keys, client credentials and every bad token, as contract E1 has them.

import { ClientSecretCredential } from '@azure/identity'
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose'
import type { MintRequest } from '../../local/azure/entra/mint-request.ts'
import { demoSeed, fieldOf, startTestAzure, type TestAzure } from '../support/azure.ts'

const seed = demoSeed()
const { tenantId } = seed
const { clientId: apiId, appIdUri } = seed.api
const login = `https://login.microsoftonline.com/${tenantId}`

let azure: TestAzure

beforeAll(async () => {
  azure = await startTestAzure({ seed })
})
afterAll(() => azure.close())
afterEach(() => {
  azure.world.seed.api.tokenVersion = 2
})

const callerOf = (name: string) => {
  const caller = seed.callers.find((known) => known.name === name)
  if (!caller) throw new Error(`no caller ${name}`)
  return caller
}

async function askToken(change: Record<string, string | undefined> = {}, tenant = tenantId) {
  const form = {
    grant_type: 'client_credentials',
    client_id: callerOf('app-all').clientId,
    client_secret: azure.clientSecret('app-all'),
    scope: `${apiId}/.default`,
    ...change,
  }
  const body = new URLSearchParams()
  for (const [name, value] of Object.entries(form)) if (value !== undefined) body.set(name, value)
  return fetch(`https://login.microsoftonline.com/${tenant}/oauth2/v2.0/token`, { method: 'POST', body })
}

const tokenFor = async (scope: string): Promise<string> =>
  String(await fieldOf(await askToken({ scope }), 'access_token'))

describe('client credentials', () => {
  test('the real credential gets a v2 token of the API, with the roles of the caller', async () => {
    const { clientId, objectId } = callerOf('app-speech')
    const credential = new ClientSecretCredential(tenantId, clientId, azure.clientSecret('app-speech'))
    const { token } = await credential.getToken(`${apiId}/.default`)
    expect(decodeProtectedHeader(token)).toEqual({ typ: 'JWT', alg: 'RS256', kid: expect.any(String) })
    expect(decodeJwt(token)).toEqual({
      aud: apiId,
      iss: `${login}/v2.0`,
      azp: clientId,
      azpacr: '1',
      oid: objectId,
      sub: objectId,
      tid: tenantId,
      ver: '2.0',
      roles: ['Token.Issue.speech-west'],
      uti: expect.any(String),
      iat: expect.any(Number),
      nbf: expect.any(Number),
      exp: expect.any(Number),
    })
    expect(azure.lines).toEqual([])
  })

  test.each([appIdUri, apiId])(
    'a v1 API gets a v1 token with the audience that was asked for: %s',
    async (resource) => {
      azure.world.seed.api.tokenVersion = 1
      const token = await tokenFor(`${resource}/.default`)
      const { kid, x5t } = decodeProtectedHeader(token)
      expect(x5t).toBe(kid)
      const { clientId, objectId } = callerOf('app-all')
      expect(decodeJwt(token)).toMatchObject({
        aud: resource,
        iss: `https://sts.windows.net/${tenantId}/`,
        appid: clientId,
        appidacr: '1',
        oid: objectId,
        tid: tenantId,
        ver: '1.0',
        roles: ['Token.Issue'],
      })
    },
  )

  test('the audience of a v2 token is the client id, whatever was asked for', async () => {
    expect(decodeJwt(await tokenFor(`${appIdUri}/.default`)).aud).toBe(apiId)
  })

  test('a caller without roles gets a token without the claim', async () => {
    const { clientId } = callerOf('nobody')
    const answer = await askToken({ client_id: clientId, client_secret: azure.clientSecret('nobody') })
    const claims = decodeJwt(String(await fieldOf(answer, 'access_token')))
    expect(claims).not.toHaveProperty('roles')
    expect(claims).not.toHaveProperty('scp')
  })

  test('a token for a resource of Azure is v1 and has no roles of the API', async () => {
    const claims = decodeJwt(await tokenFor('https://management.azure.com/.default'))
    expect(claims).toMatchObject({ ver: '1.0', aud: 'https://management.azure.com' })
    expect(claims).not.toHaveProperty('roles')
  })

  test('a token lives 60 to 90 minutes and the answer says how long', async () => {
    const answer = await askToken()
    const { iat = 0, exp = 0 } = decodeJwt(String(await fieldOf(answer.clone(), 'access_token')))
    expect(exp - iat).toBeGreaterThanOrEqual(3_600)
    expect(exp - iat).toBeLessThanOrEqual(5_400)
    expect(await answer.json()).toMatchObject({ token_type: 'Bearer', expires_in: exp - iat })
  })

  test.each<[what: string, status: number, error: string, code: number, change: Record<string, string | undefined>]>([
    ['a wrong secret', 401, 'invalid_client', 7000215, { client_secret: 'wrong' }],
    ['no secret', 401, 'invalid_client', 7000216, { client_secret: undefined }],
    ['an unknown application', 400, 'unauthorized_client', 700016, { client_id: tenantId }],
    ['an unknown resource', 400, 'invalid_resource', 500011, { scope: 'api://nothing/.default' }],
    ['a scope without /.default', 400, 'invalid_scope', 1002012, { scope: appIdUri }],
    ['no scope', 400, 'invalid_request', 900144, { scope: undefined }],
    ['no grant type', 400, 'invalid_request', 900144, { grant_type: undefined }],
    ['another grant', 400, 'unsupported_grant_type', 70003, { grant_type: 'password' }],
  ])('%s is refused with %i %s AADSTS%i', async (_, status, error, code, change) => {
    const response = await askToken(change)
    expect([response.status, await response.json()]).toEqual([
      status,
      expect.objectContaining({
        error,
        error_codes: [code],
        error_description: expect.stringContaining(`AADSTS${code}`),
      }),
    ])
  })

  test('a body of another type is not looked into', async () => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"grant_type":"x"}' }
    const response = await fetch(`https://login.microsoftonline.com/${tenantId}/oauth2/v2.0/token`, init)
    expect([response.status, await fieldOf(response, 'error_codes')]).toEqual([400, [900144]])
  })

  test('another tenant is unknown', async () => {
    const response = await askToken({}, apiId)
    expect([response.status, await fieldOf(response, 'error_codes')]).toEqual([400, [90002]])
  })

  test('secrets are made anew at every start', () => {
    const secrets = seed.callers.map(({ name }) => azure.clientSecret(name))
    expect(new Set(secrets).size).toBe(seed.callers.length)
    expect(() => azure.clientSecret('stranger')).toThrow('stranger')
  })
})

describe('discovery and keys', () => {
  test.each([
    ['/v2.0', `${login}/v2.0`, `${login}/discovery/v2.0/keys`],
    ['', `https://sts.windows.net/${tenantId}/`, `${login}/discovery/keys`],
  ])('the document at %s names its issuer and its keys', async (part, issuer, jwks) => {
    const document = await (await fetch(`${login}${part}/.well-known/openid-configuration`)).json()
    expect(document).toMatchObject({ issuer, jwks_uri: jwks })
    const token = await tokenFor(`${apiId}/.default`)
    await jwtVerify(token, createRemoteJWKSet(new URL(jwks)))
  })

  test('the published keys hold nothing private', async () => {
    const text = await (await fetch(`${login}/discovery/v2.0/keys`)).text()
    const names = new Set(Array.from(text.matchAll(/"(\w+)":/g), ([, name]) => name))
    expect([...names].sort()).toEqual(['e', 'issuer', 'keys', 'kid', 'kty', 'n', 'use', 'x5t'])
  })

  test('a rolled key signs new tokens; old tokens hold until the old key is withdrawn', async () => {
    const jwks = () => createRemoteJWKSet(new URL(`${login}/discovery/v2.0/keys`))
    const old = await tokenFor(`${apiId}/.default`)
    await azure.entra.rollKey('add')
    const fresh = await tokenFor(`${apiId}/.default`)
    expect(decodeProtectedHeader(fresh).kid).not.toBe(decodeProtectedHeader(old).kid)
    await jwtVerify(old, jwks())
    await jwtVerify(fresh, jwks())
    await azure.entra.rollKey('replace')
    await expect(jwtVerify(fresh, jwks())).rejects.toBeInstanceOf(errors.JWKSNoMatchingKey)
    await jwtVerify(await tokenFor(`${apiId}/.default`), jwks())
  })
})

describe('tokens for tests', () => {
  const mint = async (request: MintRequest) => (await azure.entra.mint(request)).token

  test('a delegated token has scope, roles and a user', async () => {
    const token = await mint({
      kind: 'user',
      caller: 'app-all',
      user: 'ada',
      scopes: ['a', 'b'],
      roles: ['Token.Issue'],
    })
    const claims = decodeJwt(token)
    expect(claims).toMatchObject({ aud: apiId, scp: 'a b', roles: ['Token.Issue'], azp: callerOf('app-all').clientId })
    expect(claims.oid).not.toBe(callerOf('app-all').objectId)
    expect(claims.sub).not.toBe(claims.oid)
    expect(decodeJwt(await mint({ kind: 'user', caller: 'operator', user: 'ada' })).oid).toBe(claims.oid)
  })

  test('an ID token is for the application, not for the API', async () => {
    const claims = decodeJwt(await mint({ kind: 'id', caller: 'app-all' }))
    expect(claims.aud).toBe(callerOf('app-all').clientId)
    expect(claims).not.toHaveProperty('azp')
    expect(decodeJwt(await mint({ kind: 'id', caller: 'app-all', forApi: true })).aud).toBe(apiId)
  })

  test('any claim or header field can be changed or left out', async () => {
    const token = await mint({
      kind: 'app',
      caller: 'app-all',
      header: { typ: 'at+jwt', kid: null },
      claims: { iss: 'https://example.com/', oid: null },
      lifetimeSeconds: -60,
    })
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'RS256', typ: 'at+jwt' })
    const claims = decodeJwt(token)
    expect(claims.iss).toBe('https://example.com/')
    expect(claims).not.toHaveProperty('oid')
    expect(claims.exp).toBeLessThan(Date.now() / 1000)
    expect(claims.iat).toBeLessThan(claims.exp ?? 0)
  })

  test.each([
    ['none', 'none'],
    ['hs256', 'HS256'],
    ['rs512', 'RS512'],
    ['ps256', 'PS256'],
    ['other-key', 'RS256'],
  ] as const)('a token signed by %s does not verify', async (sign, alg) => {
    const token = await mint({ kind: 'app', caller: 'app-all', sign })
    expect(decodeProtectedHeader(token).alg).toBe(alg)
    expect(await azure.entra.verify(token, [apiId])).toEqual({ kind: 'invalid' })
  })

  test('a good token verifies for its own audience alone', async () => {
    const token = await mint({ kind: 'identity', identity: 'vendor', resource: 'https://vault.azure.net' })
    expect(await azure.entra.verify(token, ['https://vault.azure.net'])).toMatchObject({
      kind: 'ok',
      principal: { name: 'vendor', tenantId },
    })
    expect(await azure.entra.verify(token, ['https://vault.azure.net/'])).toEqual({ kind: 'wrong-audience' })
  })

  test('an unknown name is an error', async () => {
    await expect(mint({ kind: 'app', caller: 'stranger' })).rejects.toThrow('stranger')
  })
})
