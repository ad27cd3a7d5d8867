// The verifier against keys that it fetches: nothing but RS256, nothing without its claims, and no guess when it cannot ask.

import { exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose'

import { entraVerifier } from '../../src/azure/entra.ts'
import { publicCloud } from '../../src/common/cloud.ts'

const TENANT = '72f988bf-86f1-41af-91ab-2d7cd011db47'
const ISSUER = `https://login.microsoftonline.com/${TENANT}/v2.0`

let pair: Awaited<ReturnType<typeof generateKeyPair>>
let fetched: jest.SpyInstance

beforeAll(async () => {
  pair = await generateKeyPair('RS256', { extractable: true })
})
beforeEach(async () => {
  // Without `alg`, as Entra publishes them: what may be used with it is our decision.
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k1', use: 'sig' }
  fetched = jest.spyOn(globalThis, 'fetch').mockImplementation(async () => Response.json({ keys: [jwk] }))
})
afterEach(() => fetched.mockRestore())

const verifier = () => entraVerifier({ cloud: publicCloud, tenantId: TENANT, audiences: ['api-1', 'api://keystile'] })

const now = () => Math.floor(Date.now() / 1_000)

async function token(claims: Record<string, unknown> = {}, alg = 'RS256', kid = 'k1'): Promise<string> {
  const payload = { iss: ISSUER, aud: 'api-1', tid: TENANT, iat: now(), nbf: now(), exp: now() + 600, ...claims }
  const { privateKey } = alg === 'RS256' ? pair : { privateKey: await reKey(alg) }
  return new SignJWT(payload).setProtectedHeader({ alg, kid }).sign(privateKey)
}

/** The same RSA key, allowed for another algorithm. */
async function reKey(alg: string) {
  const key = await importJWK(await exportJWK(pair.privateKey), alg)
  if (key instanceof Uint8Array) throw new Error('not an RSA key')
  return key
}

test('a token of the tenant is verified, and its keys are fetched once', async () => {
  const { verify } = verifier()
  for (let time = 0; time < 3; time += 1) expect((await verify(await token())).kind).toBe('claims')
  expect(fetched.mock.calls.map(([url]) => String(url))).toEqual([
    `https://login.microsoftonline.com/${TENANT}/discovery/v2.0/keys`,
  ])
})

test.each(['RS384', 'RS512', 'PS256'])('%s is refused, although the key would fit', async (alg) => {
  expect(await verifier().verify(await token({}, alg))).toEqual({ kind: 'refused', code: 'token_invalid' })
})

test.each<[string, Record<string, unknown>, string]>([
  ['expired for more than a minute', { exp: now() - 62 }, 'token_expired'],
  ['not valid for more than a minute yet', { nbf: now() + 65 }, 'token_invalid'],
  ['without exp', { exp: undefined }, 'token_invalid'],
  ['without nbf', { nbf: undefined }, 'token_invalid'],
  ['without iat', { iat: undefined }, 'token_invalid'],
  ['without tid', { tid: undefined }, 'token_invalid'],
  ['for another audience', { aud: 'api-2' }, 'token_wrong_audience'],
  ['of another issuer', { iss: `${ISSUER}/` }, 'token_wrong_tenant'],
])('a token %s is refused', async (_what, claims, code) => {
  expect(await verifier().verify(await token(claims))).toEqual({ kind: 'refused', code })
})

test('clocks may differ by a minute', async () => {
  expect((await verifier().verify(await token({ exp: now() - 55, nbf: now() + 55 }))).kind).toBe('claims')
})

test('an unknown key is refused, and asked for once', async () => {
  const { verify } = verifier()
  expect(await verify(await token({}, 'RS256', 'k2'))).toEqual({ kind: 'refused', code: 'token_invalid' })
  expect(await verify(await token({}, 'RS256', 'k3'))).toEqual({ kind: 'refused', code: 'token_invalid' })
  expect(fetched).toHaveBeenCalledTimes(1)
})

test.each([
  ['no answer', () => Promise.reject(new TypeError('fetch failed'))],
  ['an error of theirs', async () => new Response('', { status: 503 })],
])('when the keys cannot be had (%s) nobody is let in, and nobody is called invalid', async (_what, answer) => {
  fetched.mockImplementation(answer)
  await expect(verifier().verify(await token())).rejects.toMatchObject({ code: 'upstream_unreachable' })
})
