// Every way in which a request ends before its handler: what is answered, and what is left in the log.

import { type HttpHandler, HttpRequest, type HttpResponseInit, InvocationContext } from '@azure/functions'
import { admit } from '../../src/callers/admit.ts'
import { AppError } from '../../src/common/errors.ts'
import { answer, callerEndpoint, type EndpointDeps, endpoint, refuse } from '../../src/functions/endpoint.ts'
import { inFlight } from '../../src/functions/in-flight.ts'
import { type RefusalCount, refusalCount } from '../../src/functions/refusal-count.ts'
import { PLENTY, unbounded } from '../support/endpoint.ts'
import { testClock } from '../support/rotation-world.ts'

const asApp = unbounded(() => ({ kind: 'caller', caller: { objectId: 'sp-1', appId: 'app-1', roles: [] } }))
const asNobody = unbounded(() => ({ kind: 'refused', code: 'token_expired' }))
const granted = async () => answer(200, {})
const neverAsked = () => Promise.reject(new Error('it was handled'))

async function call(handler: HttpHandler, params: Record<string, string> = { account: 'Speech-West' }) {
  const lines: string[] = []
  const context = new InvocationContext({
    functionName: 'issueToken',
    logHandler: (level, ...args: unknown[]) => void lines.push(`${level} ${args.join(' ')}`),
  })
  const request = new HttpRequest({ method: 'POST', url: 'https://keystile.example/api', params })
  const { status, headers, body } = (await handler(request, context)) as HttpResponseInit
  const { code } = typeof body === 'string' ? JSON.parse(body) : {}
  return { status, code, headers: headers as Record<string, string>, lines }
}

const counting = (deps: EndpointDeps, counted: string[] = []): EndpointDeps & { counted: string[] } => ({
  ...deps,
  counted,
  refusals: { add: (code) => void counted.push(code) },
})

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

describe('two requests at once are as many as may be', () => {
  /** Requests that wait until they are let go. */
  function busy() {
    const { promise, resolve } = Promise.withResolvers<void>()
    const bound = inFlight(2)
    const deps = counting({ ...asApp, inFlight: bound })
    const waiting = callerEndpoint(deps, 'POST', async () => {
      await promise
      return answer(200, {})
    })
    return { deps, waiting, letGo: resolve }
  }

  test('the third is answered 503 at once, before anybody looks at who asks', async () => {
    const { deps, waiting, letGo } = busy()
    const [first, second] = [call(waiting), call(waiting)]
    const authenticate = () => {
      throw new Error('it was authenticated')
    }
    const third = await call(callerEndpoint({ ...deps, authenticate }, 'POST', neverAsked))
    expect([third.status, third.code, third.headers['Retry-After']]).toEqual([503, 'overloaded', '1'])
    expect([third.lines, deps.counted]).toEqual([[], ['overloaded']])
    letGo()
    expect([(await first).status, (await second).status]).toEqual([200, 200])
  })

  test('health is answered all the same', async () => {
    const { waiting, letGo } = busy()
    const both = [call(waiting), call(waiting)]
    expect((await call(endpoint('POST', granted))).status).toBe(200)
    letGo()
    await Promise.all(both)
  })

  test('whatever becomes of a request, its place is free again', async () => {
    const { deps } = busy()
    const endings: EndpointDeps[] = [
      deps,
      { ...deps, authenticate: asNobody.authenticate },
      { ...deps, authenticate: () => Promise.reject(new TypeError('a bug')) },
      { ...deps, admit: () => ({ kind: 'denied' }) },
      { ...deps, admit: () => ({ kind: 'limited', quota: { ...PLENTY, taken: false } }) },
    ]
    for (const ending of [...endings, ...endings]) await call(callerEndpoint(ending, 'POST', neverAsked))
    expect((await call(callerEndpoint(deps, 'POST', granted))).status).toBe(200)
  })
})

describe('refusals of nobody in particular', () => {
  const lines: string[] = []
  let refusals: RefusalCount
  let clock: ReturnType<typeof testClock>

  beforeEach(() => {
    jest.useFakeTimers()
    lines.length = 0
    clock = testClock('2026-02-01T12:00:10Z')
    refusals = refusalCount({ clock, log: (text) => void lines.push(text) })
  })
  afterEach(() => jest.useRealTimers())

  test('are told once per reason when a minute has passed since the first, with how many there were', () => {
    refusals.add('token_missing')
    jest.advanceTimersByTime(59_999)
    clock.advance(59_999)
    refusals.add('token_missing')
    refusals.add('token_expired')
    expect(lines).toEqual([])
    jest.advanceTimersByTime(1)
    const since = '"since":"2026-02-01T12:00:10.000Z"'
    expect(lines).toEqual([
      `caller.refused {"code":"token_missing","count":2,${since}}`,
      `caller.refused {"code":"token_expired","count":1,${since}}`,
    ])
  })

  test('a quiet minute says nothing, and the next one counts anew', () => {
    refusals.add('token_missing')
    jest.advanceTimersByTime(600_000)
    clock.advance(600_000)
    expect(lines).toHaveLength(1)
    refusals.add('token_missing')
    jest.advanceTimersByTime(60_000)
    expect(lines.at(-1)).toBe('caller.refused {"code":"token_missing","count":1,"since":"2026-02-01T12:10:10.000Z"}')
    expect(jest.getTimerCount()).toBe(0)
  })

  test('what was not told yet is told at the end, and once', () => {
    refusals.add('token_invalid')
    refusals.flush()
    expect(lines).toEqual(['caller.refused {"code":"token_invalid","count":1,"since":"2026-02-01T12:00:10.000Z"}'])
    refusals.flush()
    expect(lines).toHaveLength(1)
    jest.advanceTimersByTime(30_000)
    refusals.add('token_invalid')
    jest.advanceTimersByTime(59_999)
    expect(lines).toHaveLength(1)
  })

  test('do not keep a process alive', () => {
    jest.useRealTimers()
    const timer = jest.spyOn(globalThis, 'setTimeout')
    refusals.add('token_missing')
    expect(timer.mock.results[0]?.value.hasRef()).toBe(false)
    refusals.flush()
    timer.mockRestore()
  })
})
