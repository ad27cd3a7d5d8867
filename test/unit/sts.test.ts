// What the adapter makes of the token service's answers, and where it lets a key go.

import type { TokenCredential } from '@azure/identity'
import { SignJWT } from 'jose'
import { tokenService } from '../../src/azure/sts.ts'
import { type Place, publicCloud } from '../../src/common/cloud.ts'
import { Secret } from '../../src/common/secret.ts'
import { testClock } from '../support/rotation-world.ts'

const NOW = '2026-02-01T12:00:00Z'
const seconds = (at: string) => new Date(at).getTime() / 1_000
const jwt = (exp?: number) => {
  const unsigned = new SignJWT({}).setProtectedHeader({ alg: 'HS256' })
  return (exp === undefined ? unsigned : unsigned.setExpirationTime(exp)).sign(new Uint8Array(32))
}

let fetched: jest.SpyInstance<Promise<Response>, Parameters<typeof fetch>>
afterEach(() => fetched.mockRestore())

const credential = { getToken: async () => ({ token: 'our own', expiresOnTimestamp: 0 }) }
const exchange = (answer: () => Promise<Response>) => {
  fetched = jest.spyOn(globalThis, 'fetch').mockImplementation(answer)
  return tokenService({ cloud: publicCloud, clock: testClock(NOW), credential }).exchange(
    { region: 'westus2' },
    Secret.of('the key'),
  )
}

test('the key goes to the account’s own host, once, with a limit and no redirect', async () => {
  await exchange(async () => new Response(await jwt()))
  const [url, init] = fetched.mock.calls[0] ?? []
  expect(url).toBe('https://westus2.api.cognitive.microsoft.com/sts/v1.0/issueToken')
  expect(init).toEqual({
    method: 'POST',
    headers: { 'ocp-apim-subscription-key': 'the key', connection: 'close' },
    redirect: 'error',
    signal: expect.any(AbortSignal),
  })
  expect(fetched).toHaveBeenCalledTimes(1)
})

test.each([
  ['what the token says', seconds('2026-02-01T12:09:00Z'), '2026-02-01T12:09:00.000Z'],
  ['ten minutes, where it says nothing', undefined, '2026-02-01T12:10:00.000Z'],
  ['ten minutes, where it says ten years', seconds('2036-02-01T12:00:00Z'), '2026-02-01T12:10:00.000Z'],
])('a token ends at %s', async (_what, exp, ends) => {
  const answer = await exchange(async () => new Response(`  ${await jwt(exp)}\n`))
  expect(answer).toMatchObject({ kind: 'token', expiresAt: new Date(ends) })
})

test('text that is no JWT is a token of ten minutes', async () => {
  expect(await exchange(async () => new Response('opaque'))).toMatchObject({
    kind: 'token',
    expiresAt: new Date('2026-02-01T12:10:00Z'),
  })
})

test.each([
  [
    'a token that has ended',
    async () => new Response(await jwt(seconds('2026-02-01T12:00:00Z'))),
    { kind: 'unknown', reason: 'expired-token' },
  ],
  ['an empty answer', async () => new Response(' '), { kind: 'unknown', reason: 'not-a-token' }],
  ['an endless one', async () => new Response('x'.repeat(16_385)), { kind: 'unknown', reason: 'not-a-token' }],
  ['401', async () => new Response('<html>', { status: 401 }), { kind: 'refused' }],
  ['403', async () => new Response('', { status: 403 }), { kind: 'forbidden' }],
  ['404', async () => new Response('', { status: 404 }), { kind: 'unsupported' }],
  ['405', async () => new Response('', { status: 405 }), { kind: 'unsupported' }],
  ['411', async () => new Response('<html>', { status: 411 }), { kind: 'unknown', reason: 'http-411' }],
  ['429', async () => new Response('', { status: 429 }), { kind: 'unknown', reason: 'http-429' }],
  ['a timeout', () => Promise.reject(new DOMException('late', 'TimeoutError')), { kind: 'unknown', reason: 'timeout' }],
  ['a reset', () => Promise.reject(new TypeError('fetch failed')), { kind: 'unknown', reason: 'no-answer' }],
])('%s', async (_what, answer, expected) => expect(await exchange(answer)).toEqual(expected))

describe('without a key', () => {
  const asIdentity = (place: Place, own: TokenCredential = credential) => {
    fetched = jest.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response(await jwt()))
    return tokenService({ cloud: publicCloud, clock: testClock(NOW), credential: own }).exchangeIdentity(place)
  }

  test('our own token goes to the custom subdomain, and no key with it', async () => {
    expect(await asIdentity({ region: 'westus2', subDomain: 'speech-west' })).toMatchObject({ kind: 'token' })
    const [url, init] = fetched.mock.calls[0] ?? []
    expect(url).toBe('https://speech-west.cognitiveservices.azure.com/sts/v1.0/issueToken')
    expect(init?.headers).toEqual({ authorization: 'Bearer our own', connection: 'close' })
    expect(init?.redirect).toBe('error')
  })

  test.each([
    ['a regional host, which belongs to everybody', { region: 'westus2' }],
    ['a subdomain that is a host of its own', { region: 'westus2', subDomain: 'evil.example/' }],
  ])('%s gets nothing', async (_what, place) => {
    expect(await asIdentity(place)).toEqual({ kind: 'unknown', reason: 'no-such-host' })
    expect(fetched).not.toHaveBeenCalled()
  })

  test('an identity that has no token is no answer', async () => {
    const none = { getToken: () => Promise.reject(new Error('no identity here')) }
    const place = { region: 'westus2', subDomain: 'speech-west' }
    expect(await asIdentity(place, none)).toEqual({ kind: 'unknown', reason: 'no-answer' })
    expect(await asIdentity(place, { getToken: async () => null })).toEqual({ kind: 'unknown', reason: 'no-answer' })
    expect(fetched).not.toHaveBeenCalled()
  })
})
