// How the client serves many callers, and those who give up.

import { createTokenSource, type TokenSourceOptions } from '../../src/client/index.ts'
import {
  countingCredential,
  type HandClock,
  handClock,
  type ScriptedVendor,
  startScriptedVendor,
  until,
} from '../support/scripted-vendor.ts'

let vendor: ScriptedVendor
let clock: HandClock
beforeEach(async () => {
  vendor = await startScriptedVendor()
  clock = handClock()
})
afterEach(() => vendor.close())

const source = (options: Partial<TokenSourceOptions> = {}) =>
  createTokenSource({
    url: vendor.url,
    account: 'Speech-West',
    credential: countingCredential('bearer-1'),
    scope: 'api://keystile/.default',
    clock,
    random: () => 0.5,
    ...options,
  })

test('many calls at once make one request, and a failure is told to all of them', async () => {
  vendor.script.push({ status: 403, body: { code: 'not_granted' } })
  const { getToken } = source()
  const refused = await Promise.allSettled(Array.from({ length: 50 }, () => getToken()))
  expect(new Set(refused.map(({ status }) => status))).toEqual(new Set(['rejected']))
  expect(vendor.requests).toHaveLength(1)
  const given = await Promise.all(Array.from({ length: 50 }, () => getToken()))
  expect(new Set(given.map(({ token }) => token))).toEqual(new Set(['token-2']))
})

test('while the vendor wants to be left alone, its refusal stands without another request', async () => {
  vendor.script.push({ status: 429, headers: { 'retry-after': '60' }, body: { code: 'rate_limited' } })
  const { getToken } = source()
  await expect(getToken()).rejects.toMatchObject({ status: 429, retryAfterMs: 60_000 })
  clock.pass(59)
  await expect(getToken()).rejects.toMatchObject({ status: 429 })
  expect(vendor.requests).toHaveLength(1)
  clock.pass(1)
  expect((await getToken()).token).toBe('token-2')
})

test('invalidate forgets the token that it names, and no newer one', async () => {
  const { getToken, invalidate } = source()
  await getToken()
  invalidate('token-1')
  expect((await getToken()).token).toBe('token-2')
  invalidate('token-1')
  expect((await getToken()).token).toBe('token-2')
  expect(vendor.requests).toHaveLength(2)
})

test('a caller that gives up waits no longer; the others get the token', async () => {
  vendor.script.push({ act: 'hold' })
  const { getToken } = source()
  const leaves = new AbortController()
  const [one, other] = [getToken({ signal: leaves.signal }), getToken()]
  leaves.abort(new Error('the page was left'))
  await expect(one).rejects.toThrow('the page was left')
  await until('the request arrives', () => vendor.requests.length === 1)
  vendor.release()
  expect((await other).token).toBe('token-1')
  await expect(getToken({ signal: AbortSignal.abort(new Error('too late')) })).rejects.toThrow('too late')
})
