// What keeps the client from storming the vendor, whatever its caller does.

import { TokenRequestError } from '../../src/client/index.ts'
import { clientScene, vended } from '../support/scripted-vendor.ts'

const scene = clientScene({ random: () => 0 })
const { source } = scene

describe('after a refusal', () => {
  test.each([
    ['a denial: one request', { status: 403, body: { code: 'caller_denied' } }, 1],
    ['an outage: the three attempts of one refresh', { status: 503 }, 3],
  ])('200 calls one after the other, %s', async (_what, step, requests) => {
    scene.vendor.script.push(...Array(600).fill(step))
    const { getToken } = source()
    const errors = []
    for (let call = 0; call < 200; call += 1) errors.push(await getToken().catch((error: unknown) => error))
    expect(scene.vendor.requests).toHaveLength(requests)
    expect(errors[0]).toBeInstanceOf(TokenRequestError)
    expect(new Set(errors)).toEqual(new Set([errors[0]]))
  })

  test.each([
    ['without Retry-After 5 s', {}, 5],
    ['5 s where Retry-After says less', { 'retry-after': '1' }, 5],
    ['as long as Retry-After says', { 'retry-after': '60' }, 60],
    ['5 minutes where Retry-After says three years', { 'retry-after': '99999999' }, 300],
  ])('it stands %s, and then the vendor is asked', async (_how, headers, seconds) => {
    scene.vendor.script.push({ status: 429, headers, body: { code: 'rate_limited' } })
    const { getToken } = source({ attempts: 1 })
    await expect(getToken()).rejects.toMatchObject({ status: 429 })
    scene.clock.pass(seconds - 0.001)
    await expect(getToken()).rejects.toMatchObject({ status: 429 })
    expect(scene.vendor.requests).toHaveLength(1)
    scene.clock.pass(0.001)
    expect((await getToken()).token).toBe('token-2')
  })

  test('what the credential throws stands for no time: the person may have signed in meanwhile', async () => {
    const answers = [Promise.reject(new Error('sign in')), Promise.resolve({ token: 'b', expiresOnTimestamp: 0 })]
    const { getToken } = source({ credential: { getToken: async () => (await answers.shift()) ?? null } })
    await expect(getToken()).rejects.toThrow('sign in')
    expect((await getToken()).token).toBe('token-1')
  })
})

describe('a token that a service refused', () => {
  test('is followed by another: the call waits for it, and an older refusal does not touch the newer token', async () => {
    const { getToken, invalidate } = source()
    await getToken()
    scene.clock.pass(5)
    invalidate('token-1')
    expect((await getToken()).token).toBe('token-2')
    scene.clock.pass(5)
    invalidate('token-1')
    expect((await getToken()).token).toBe('token-2')
    expect(scene.vendor.requests).toHaveLength(2)
  })

  test('is given again while the vendor has no other, and asked about every 5 s', async () => {
    scene.vendor.script.push(...Array(3).fill({ body: vended('dead') }), { body: vended('alive') })
    const { getToken, invalidate } = source()
    const given = []
    for (let call = 0; call < 160; call += 1) {
      const { token } = await getToken()
      given.push(token)
      if (token === 'dead') invalidate(token)
      scene.clock.pass(0.1)
    }
    expect(given).toEqual([...Array(150).fill('dead'), ...Array(10).fill('alive')])
    expect(scene.vendor.requests).toHaveLength(4)
  })

  test('is asked about without another word, too, until there is another', async () => {
    scene.vendor.script.push({ body: vended('dead') }, { body: vended('dead') })
    const { getToken, invalidate } = source()
    await getToken()
    invalidate('dead')
    scene.clock.pass(5)
    expect((await getToken()).token).toBe('dead')
    scene.clock.pass(5)
    expect((await getToken()).token).toBe('token-3')
  })

  test('is given while the vendor refuses, too: the service may have been wrong', async () => {
    const { getToken, invalidate } = source()
    await getToken()
    scene.clock.pass(5)
    invalidate('token-1')
    scene.vendor.script.push({ status: 429, headers: { 'retry-after': '60' } })
    expect((await getToken()).token).toBe('token-1')
    for (let call = 0; call < 50; call += 1) {
      invalidate('token-1')
      expect((await getToken()).token).toBe('token-1')
    }
    expect(scene.vendor.requests).toHaveLength(2)
    scene.clock.pass(60)
    expect((await getToken()).token).toBe('token-3')
  })

  test('is not given past its end', async () => {
    const { getToken, invalidate } = source()
    await getToken()
    scene.clock.pass(534)
    invalidate('token-1')
    scene.vendor.script.push(
      { status: 503, headers: { 'retry-after': '2' } },
      { status: 403, body: { code: 'caller_denied' } },
    )
    await expect(getToken()).rejects.toMatchObject({ code: 'caller_denied' })
  })
})
