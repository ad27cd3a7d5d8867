// Every way in which a request ends before its handler: what is answered, and what is left in the log.

import { type HttpHandler, HttpRequest, type HttpResponseInit, InvocationContext } from '@azure/functions'
import { admit } from '../../src/callers/admit.ts'
import { AppError } from '../../src/common/errors.ts'
import { answer, callerEndpoint, endpoint, refuse } from '../../src/functions/endpoint.ts'
import { misconfiguredHandler } from '../../src/functions/misconfigured.ts'
import { refusalCount } from '../../src/functions/refusal-count.ts'
import { counting, unbounded } from '../support/endpoint.ts'
import { testClock } from '../support/rotation-world.ts'

const asApp = unbounded(() => ({ kind: 'caller', caller: { objectId: 'sp-1', appId: 'app-1', roles: [] } }))
const asNobody = unbounded(() => ({ kind: 'refused', code: 'token_expired' }))
const granted = async () => answer(200, {})
const neverAsked = () => Promise.reject(new Error('it was handled'))

async function call(
  handler: HttpHandler,
  params: Record<string, string> = { account: 'Speech-West' },
  method = 'POST',
) {
  const lines: string[] = []
  const context = new InvocationContext({
    functionName: 'issueToken',
    logHandler: (level, ...args: unknown[]) => void lines.push(`${level} ${args.join(' ')}`),
  })
  const request = new HttpRequest({ method, url: 'https://keystile.example/api', params })
  const { status, headers, body } = (await handler(request, context)) as HttpResponseInit
  const { code } = typeof body === 'string' ? JSON.parse(body) : {}
  return { status, code, headers: headers as Record<string, string>, lines }
}

const record = (result: string) =>
  `information request {"what":"issueToken","caller":"sp-1","app":"app-1","account":"speech-west","result":"${result}"}`

test('a denied caller is refused with 403, leaves a record, and is told of no quota', async () => {
  const deps = { ...asApp, admit: admit({ denied: new Set(['app-1']), rate: { perMinute: 1, burst: 1 } }) }
  const { status, code, headers, lines } = await call(callerEndpoint(deps, 'POST', neverAsked))
  expect([status, code, lines]).toEqual([403, 'caller_denied', [record('caller_denied')]])
  expect(Object.keys(headers)).not.toContain('RateLimit')
})

test('a caller who asks too often is refused with 429 and Retry-After, and leaves a record', async () => {
  const deps = { ...asApp, admit: admit({ denied: new Set(), rate: { perMinute: 1, burst: 1 } }) }
  expect((await call(callerEndpoint(deps, 'POST', granted))).status).toBe(200)
  const { status, code, headers, lines } = await call(callerEndpoint(deps, 'POST', neverAsked))
  expect([status, code, lines]).toEqual([429, 'rate_limited', [record('rate_limited')]])
  expect(headers).toMatchObject({ 'Retry-After': '60', RateLimit: '"caller";r=0;t=60' })
})

test.each<[string, Parameters<typeof admit>[0], string[]]>([
  ['denied', { denied: new Set(['app-1']), rate: { perMinute: 1, burst: 1 } }, ['caller_denied']],
  ['limited', { denied: new Set(), rate: { perMinute: 1, burst: 1 } }, ['granted', 'rate_limited']],
])(
  'a caller who is %s and asks on leaves one record of it in a minute, and the number of the others',
  async (_how, terms, results) => {
    const told: string[] = []
    const refusals = refusalCount({ clock: testClock('2026-02-01T12:00:10Z'), log: (text) => void told.push(text) })
    const handler = callerEndpoint({ ...asApp, admit: admit(terms), refusals }, 'POST', granted)
    const lines = []
    for (let time = 0; time < 200; time += 1) lines.push(...(await call(handler)).lines)
    expect(lines).toEqual(results.map(record))
    refusals.flush()
    const fields = `"what":"issueToken","caller":"sp-1","app":"app-1","result":"${results.at(-1)}"`
    expect(told).toEqual([`request {${fields},"count":${200 - results.length},"since":"2026-02-01T12:00:10.000Z"}`])
  },
)

test.each([
  ['GET', 'HEAD', 200, undefined],
  ['GET', 'GET', 200, undefined],
  ['GET', 'POST', 405, 'GET, HEAD'],
  ['POST', 'HEAD', 405, 'POST'],
] as const)('a route of %s answers %s with %i', async (route, method, expected, allow) => {
  for (const handler of [endpoint(route, granted), callerEndpoint(asApp, route, granted)]) {
    const { status, headers } = await call(handler, {}, method)
    expect([status, headers.Allow]).toEqual([expected, allow])
  }
})

test.each<[string, HttpHandler]>([
  ['granted', callerEndpoint(asApp, 'POST', granted)],
  ['refused', callerEndpoint(asNobody, 'POST', granted)],
  ['misconfigured', misconfiguredHandler],
])(
  'a page of another origin may read of an answer (%s) what is left to it and when to come back',
  async (_what, handler) => {
    const { headers } = await call(handler)
    expect(headers['Access-Control-Expose-Headers']).toBe('Retry-After, RateLimit, RateLimit-Policy')
  },
)

test.each([
  ['granted', granted],
  ['not_granted', async () => refuse('not_granted')],
  ['upstream_unavailable', () => Promise.reject(new AppError('upstream_unreachable', 'read: no answer'))],
])('%s: the record, and what is left of the quota', async (result, handle) => {
  const { headers, lines } = await call(callerEndpoint(asApp, 'POST', handle))
  expect(lines.at(-1)).toBe(record(result))
  expect(headers).toMatchObject({ RateLimit: '"caller";r=119;t=1', 'RateLimit-Policy': '"caller";q=120;w=120' })
})

test('a name that is none is in no record', async () => {
  const { lines } = await call(
    callerEndpoint(asApp, 'POST', async () => refuse('not_granted')),
    { account: 'a b' },
  )
  expect(lines).toEqual([
    'information request {"what":"issueToken","caller":"sp-1","app":"app-1","result":"not_granted"}',
  ])
})

test('who is not known is counted, and leaves no line', async () => {
  const deps = counting(asNobody)
  const { status, lines } = await call(callerEndpoint(deps, 'POST', neverAsked))
  expect([status, lines, deps.counted]).toEqual([401, [], ['token_expired']])
})

test('where nobody can be known, because Entra gives no keys, that is counted, too, and is no line each', async () => {
  const noKeys = () => Promise.reject(new AppError('upstream_unreachable', 'fetch the signing keys: no answer'))
  const deps = counting(unbounded(noKeys))
  const { status, code, headers, lines } = await call(callerEndpoint(deps, 'POST', neverAsked))
  expect([status, code, lines, deps.counted]).toEqual([503, 'upstream_unavailable', [], ['upstream_unavailable']])
  expect(headers['Retry-After']).toBe('5')
})
