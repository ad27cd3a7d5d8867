// The verifier against keys that it fetches: nothing but RS256, nothing without its claims, and no guess when it cannot ask.

import { exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose'

import { entraVerifier } from '../../src/azure/entra.ts'
import { publicCloud } from '../../src/common/cloud.ts'
import { testClock } from '../support/rotation-world.ts'

const TENANT = '72f988bf-86f1-41af-91ab-2d7cd011db47'
const ISSUER = `https://login.microsoftonline.com/${TENANT}/v2.0`

const START = '2026-02-01T12:00:00Z'

let pair: Awaited<ReturnType<typeof generateKeyPair>>
let fetched: jest.SpyInstance
let clock = testClock(START)
/** What Entra publishes; a test may change it. */
let published: string[]

beforeAll(async () => {
  pair = await generateKeyPair('RS256', { extractable: true })
})
beforeEach(async () => {
  clock = testClock(START)
  published = ['k1']
  // Without `alg`, as Entra publishes them: what may be used with it is our decision.
  const jwk = { ...(await exportJWK(pair.publicKey)), use: 'sig' }
  fetched = jest
    .spyOn(globalThis, 'fetch')
    .mockImplementation(async () => Response.json({ keys: published.map((kid) => ({ ...jwk, kid })) }))
})
afterEach(() => fetched.mockRestore())

const verifier = () =>
  entraVerifier({ cloud: publicCloud, tenantId: TENANT, audiences: ['api-1', 'api://keystile'], clock })

const now = () => clock.now().getTime() / 1_000

async function token(claims: Record<string, unknown> = {}, alg = 'RS256', kid = 'k1'): Promise<string> {
  const payload = { iss: ISSUER, aud: 'api-1', tid: TENANT, iat: now(), nbf: now(), exp: now() + 600, ...claims }
  const { privateKey } = alg === 'RS256' ? pair : { privateKey: await reKey(alg) }
  return new SignJWT(payload).setProtectedHeader({ alg, ...(kid === '' ? {} : { kid }) }).sign(privateKey)
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

const MINUTE = 60_000
const DAY = 1_440 * MINUTE
const noAnswer = () => fetched.mockRejectedValue(new TypeError('fetch failed'))
/** A token that lives longer than any key here. */
const longLived = (kid = 'k1') => token({ exp: now() + 200_000 }, 'RS256', kid)
/** Lets a fetch in the background end. */
const settle = () => new Promise((done) => setImmediate(done))

test('who signed it and when it ends is told with the claims', async () => {
  expect(await verifier().verify(await token())).toMatchObject({
    keyId: 'k1',
    expiresAt: new Date('2026-02-01T12:10:00Z'),
  })
})

test('a token that names no key is refused, and nothing is fetched for it', async () => {
  expect(await verifier().verify(await token({}, 'RS256', ''))).toEqual({ kind: 'refused', code: 'token_invalid' })
  expect(fetched).not.toHaveBeenCalled()
})

test('a hundred callers of a process that has just started wait for one fetch', async () => {
  const { verify } = verifier()
  const bearer = await token()
  const answers = await Promise.all(Array.from({ length: 100 }, () => verify(bearer)))
  expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(['claims']))
  expect(fetched).toHaveBeenCalledTimes(1)
})

test('a key is trusted once it was fetched, and no other', async () => {
  const { verify, trusts } = verifier()
  expect(trusts('k1')).toBe(false)
  await verify(await token())
  expect([trusts('k1'), trusts('k2')]).toEqual([true, false])
})

test('a new key is asked for at once, but at most every 30 seconds', async () => {
  const { verify } = verifier()
  const bearer = await longLived('k2')
  await verify(await longLived())
  published = ['k1', 'k2']
  clock.advance(29_999)
  expect((await verify(bearer)).kind).toBe('refused')
  clock.advance(1)
  expect((await verify(bearer)).kind).toBe('claims')
  for (let time = 0; time < 5; time += 1) await verify(await longLived('k3'))
  expect(fetched).toHaveBeenCalledTimes(2)
})

test('a withdrawn key ends within the hour: the keys are fetched anew in the background', async () => {
  const { verify, trusts } = verifier()
  await verify(await longLived())
  published = ['k2']
  clock.advance(50 * MINUTE - 1)
  expect(trusts('k1')).toBe(true)
  await settle()
  expect(fetched).toHaveBeenCalledTimes(1)
  clock.advance(1)
  expect(trusts('k1')).toBe(true)
  await settle()
  expect(fetched).toHaveBeenCalledTimes(2)
  expect([trusts('k1'), trusts('k2')]).toEqual([false, true])
  expect(await verify(await longLived())).toEqual({ kind: 'refused', code: 'token_invalid' })
})

test('a withdrawn key ends within the hour also where nobody asked for longer: who comes first waits for the keys', async () => {
  const { verify, trusts } = verifier()
  const bearer = await longLived()
  await verify(bearer)
  published = ['k2']
  clock.advance(60 * MINUTE)
  expect(trusts('k1')).toBe(false)
  expect(await verify(bearer)).toEqual({ kind: 'refused', code: 'token_invalid' })
})

test('who is verified and not remembered has the keys fetched anew, too', async () => {
  const { verify } = verifier()
  const bearer = await longLived()
  await verify(bearer)
  clock.advance(60 * MINUTE - 1)
  await verify(bearer)
  expect(fetched).toHaveBeenCalledTimes(1)
  clock.advance(1)
  expect((await verify(bearer)).kind).toBe('claims')
  expect(fetched).toHaveBeenCalledTimes(2)
})

test('while Entra gives no answer, its keys serve for a day and not longer', async () => {
  const { verify, trusts } = verifier()
  const bearer = await longLived()
  await verify(bearer)
  noAnswer()
  clock.advance(DAY - 1)
  expect((await verify(bearer)).kind).toBe('claims')
  expect(trusts('k1')).toBe(true)
  clock.advance(1)
  expect(trusts('k1')).toBe(false)
  await expect(verify(bearer)).rejects.toMatchObject({ code: 'upstream_unreachable' })
})

test('while Entra gives no answer it is asked every 5 seconds at most, and nobody with a known key waits for it', async () => {
  const { verify, trusts } = verifier()
  await verify(await longLived())
  noAnswer()
  clock.advance(50 * MINUTE)
  for (let time = 0; time < 10; time += 1) {
    expect(trusts('k1')).toBe(true)
    await settle()
  }
  expect(fetched).toHaveBeenCalledTimes(2)
  clock.advance(5_000)
  trusts('k1')
  await settle()
  expect(fetched).toHaveBeenCalledTimes(3)
})

test('a key that is not known while Entra gives no answer is not called invalid, and asked for every 5 seconds', async () => {
  const { verify } = verifier()
  const stranger = await longLived('k2')
  await verify(await longLived())
  noAnswer()
  clock.advance(30_000)
  for (let time = 0; time < 3; time += 1)
    await expect(verify(stranger)).rejects.toMatchObject({ code: 'upstream_unreachable' })
  expect(fetched).toHaveBeenCalledTimes(2)
  clock.advance(5_000)
  await expect(verify(stranger)).rejects.toMatchObject({ code: 'upstream_unreachable' })
  expect(fetched).toHaveBeenCalledTimes(3)
  expect((await verify(await longLived())).kind).toBe('claims')
})
