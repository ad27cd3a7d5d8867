// What the client makes of answers that are no token: what it asks again, how often and for how long.

import type { TokenSourceOptions } from '../../src/client/index.ts'
import { clientScene, countingCredential, type Step, vended } from '../support/scripted-vendor.ts'

const scene = clientScene({ random: () => 0.5 })
const { errorOf } = scene
const ask = (options?: Partial<TokenSourceOptions>) => scene.source(options).getToken()

const inAMinute = { 'retry-after': 'Sun, 01 Feb 2015 10:00:07 GMT', date: 'Sun, 01 Feb 2015 10:00:00 GMT' }

test.each<{ what: string; steps: Step[]; slept: number[] }>([
  { what: 'a 503, then a 500', steps: [{ status: 503 }, { status: 500 }], slept: [250, 500] },
  { what: 'a broken connection', steps: [{ act: 'reset' }], slept: [250] },
  { what: 'half an answer', steps: [{ act: 'cut' }], slept: [250] },
  { what: 'a 429 without Retry-After', steps: [{ status: 429 }], slept: [250] },
  { what: 'Retry-After in seconds', steps: [{ status: 503, headers: { 'retry-after': '5' } }], slept: [5_250] },
  { what: 'Retry-After as a date of the server’s clock', steps: [{ status: 429, headers: inAMinute }], slept: [7_250] },
  { what: 'Retry-After that is neither', steps: [{ status: 429, headers: { 'retry-after': 'soon' } }], slept: [250] },
])('$what: asked again after a jittered wait of $slept ms', async ({ steps, slept }) => {
  scene.vendor.script.push(...steps)
  expect((await ask()).token).toBe(`token-${steps.length + 1}`)
  expect(scene.clock.slept).toEqual(slept)
})

test.each<[string, unknown]>([
  ['text', 'hello'],
  ['null', 'null'],
  ['no token', vended('')],
  ['no lifetime', vended('token', { expires_in: 'long' })],
  ['no end', vended('token', { expires_at: 'soon' })],
  ['no region', vended('token', { region: undefined })],
  ['a token that has ended', vended('token', { expires_in: 0 })],
  ['a token with 5 s left', vended('token', { expires_in: 5 })],
  ['a token of more than ten minutes, by a clock that is wrong', vended('token', { expires_in: 601 })],
])('a 200 with %s is no token, and asked again', async (_what, body) => {
  scene.vendor.script.push({ body }, { body })
  expect((await ask()).token).toBe('token-3')
  scene.vendor.script.push({ body }, { body }, { body })
  expect(await errorOf()).toMatchObject({ code: 'unexpected_answer' })
  expect(scene.vendor.requests).toHaveLength(6)
})

test.each([6, 600])('a token with %d s left is one', async (seconds) => {
  scene.vendor.script.push({ body: vended('token', { expires_in: seconds }) })
  expect((await ask()).token).toBe('token')
})

test('a Retry-After date in an answer without a date is reckoned from the clock of this machine', async () => {
  const script: [number, Record<string, string>, string][] = [
    [503, { 'retry-after': 'Sun, 01 Feb 2026 12:00:03 GMT' }, ''],
    [200, {}, JSON.stringify(vended('token-2'))],
  ]
  const answers = script.map(([status, headers, body]) => new Response(body, { status, headers }))
  await ask({ fetch: async () => answers.shift() ?? Response.error() })
  expect(scene.clock.slept).toEqual([3_250])
})

test('the wait before an attempt is anything from nothing to the full backoff', async () => {
  scene.vendor.script.push({ status: 503 }, { status: 503 })
  await ask({ random: () => 0 })
  expect(scene.clock.slept).toEqual([0, 0])
})

test('after three attempts the last refusal is told', async () => {
  scene.vendor.script.push({ status: 503 }, { status: 503 }, { status: 502, body: '<html>' })
  expect(await errorOf()).toMatchObject({ status: 502, code: 'http_502', message: '502 http_502' })
  expect(scene.vendor.requests).toHaveLength(3)
})

test('a wait that the deadline does not allow is not begun', async () => {
  scene.vendor.script.push({ status: 503, headers: { 'retry-after': '30' }, body: { code: 'key_refused' } })
  expect(await errorOf()).toMatchObject({ code: 'key_refused', retryAfterMs: 30_000 })
  expect(scene.clock.slept).toEqual([])
})

test.each<[string, Step[]]>([
  ['the vendor', [{ act: 'hang' }]],
  ['the vendor, at its second attempt', [{ status: 503 }, { act: 'hang' }]],
])('the deadline ends what %s does not', async (_who, steps) => {
  scene.vendor.script.push(...steps)
  expect({ ...(await errorOf({ deadlineMs: 1_000 })) }).toEqual({ name: 'TokenRequestError', code: 'timeout' })
})

test('the deadline ends a credential that does not answer', async () => {
  const credential = { getToken: () => new Promise<null>(() => undefined) }
  expect((await errorOf({ credential, deadlineMs: 50 })).code).toBe('timeout')
  expect(scene.vendor.requests).toEqual([])
})

test.each([400, 403, 404, 405, 409, 413])('a %s is final', async (status) => {
  scene.vendor.script.push({ status })
  expect((await errorOf()).status).toBe(status)
  expect(scene.vendor.requests).toHaveLength(1)
})

test('after a 401 the credential is asked once more, and another bearer is tried', async () => {
  scene.vendor.script.push({ status: 401, body: { code: 'token_expired' } })
  expect((await ask({ credential: countingCredential('stale', 'fresh') })).token).toBe('token-2')
  expect(scene.vendor.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer stale', 'Bearer fresh'])
})

test.each([
  ['the same bearer again', ['one'], 1],
  ['a third bearer', ['one', 'two', 'three'], 2],
])('after a 401, %s is not shown', async (_what, bearers, requests) => {
  scene.vendor.script.push({ status: 401 }, { status: 401 }, { status: 401 })
  expect((await errorOf({ credential: countingCredential(...bearers) })).status).toBe(401)
  expect(scene.vendor.requests).toHaveLength(requests)
})
