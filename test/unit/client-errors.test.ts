// What the client says when there is no token, and what it never says or sends.

import { inspect } from 'node:util'
import { createTokenSource, type TokenSourceOptions } from '../../src/client/index.ts'
import { clientScene, countingCredential, startScriptedVendor, vended } from '../support/scripted-vendor.ts'

const scene = clientScene({ random: () => 0.5 })
const { errorOf } = scene
const ask = (options?: Partial<TokenSourceOptions>) => scene.source(options).getToken()

test('a redirect is not followed, so that the bearer goes nowhere else', async () => {
  const elsewhere = await startScriptedVendor()
  try {
    scene.vendor.script.push({ status: 307, headers: { location: `${elsewhere.url}/api/accounts/speech-west/token` } })
    expect((await errorOf({ attempts: 1 })).code).toBe('network')
    expect(elsewhere.requests).toEqual([])
  } finally {
    await elsewhere.close()
  }
})

test('a refusal says what the vendor said of it', async () => {
  const body = { title: 'Not granted', detail: 'Ask the owners.', code: 'not_granted', traceId: '4bf92f35' }
  scene.vendor.script.push({ status: 403, body: { ...body, status: 403, more: 'x' } })
  const error = await errorOf()
  expect({ ...error }).toEqual({ name: 'TokenRequestError', ...body, status: 403, retryAfterMs: undefined })
  expect(error.message).toBe('403 not_granted: Ask the owners.')
})

test('neither bearer nor token is in an error, even where the answer repeats them', async () => {
  const echo = 'you sent Bearer bearer-1'
  scene.vendor.script.push({ status: 400, body: { title: echo, detail: echo, code: 'bearer-1', traceId: echo } })
  scene.vendor.script.push({ body: vended('token-2', { expires_in: 0 }) })
  const errors = [await errorOf(), await errorOf({ attempts: 1 })]
  expect(errors.map(({ code }) => code)).toEqual(['http_400', 'unexpected_answer'])
  expect(errors.map((error) => inspect(error, { depth: null })).join()).not.toMatch(/bearer-1|token-2/)
})

test('what the credential throws comes through as it is: it may tell the page to sign in', async () => {
  const interaction = new Error('interaction required')
  await expect(ask({ credential: { getToken: () => Promise.reject(interaction) } })).rejects.toBe(interaction)
  expect((await errorOf({ credential: countingCredential() })).code).toBe('no_bearer')
  expect(scene.vendor.requests).toEqual([])
})

test.each([
  ['http to another machine', { url: 'http://vend.contoso.example' }, 'url: https, or http on loopback'],
  ['http to a name that begins like loopback', { url: 'http://127.0.0.1.contoso.example' }, 'url: https'],
  ['another scheme', { url: 'ftp://127.0.0.1' }, 'url: https'],
  ['no address', { url: 'vend' }, 'Invalid URL'],
  ['a path for an account', { account: '../rotate' }, 'account: 1 to 127 letters, digits and hyphens'],
])('%s is refused before anything is sent', (_what, options, message) => {
  const make = () =>
    createTokenSource({ url: scene.vendor.url, account: 'a', credential: countingCredential(), ...options })
  expect(make).toThrow(expect.objectContaining({ name: 'TypeError', message: expect.stringContaining(message) }))
})

test('a vendor behind a path is found there', async () => {
  await ask({ url: `${scene.vendor.url}/keys/?code=x#y` })
  expect(scene.vendor.requests[0]?.path).toBe('/keys/api/accounts/speech-west/token')
})
