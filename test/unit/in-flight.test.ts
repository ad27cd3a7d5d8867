// As many requests at once as may be, and no more: what the one too many is told, and that every place comes free again.

import { type HttpHandler, HttpRequest, type HttpResponseInit, InvocationContext } from '@azure/functions'
import { answer, callerEndpoint, type EndpointDeps, endpoint } from '../../src/functions/endpoint.ts'
import { inFlight } from '../../src/functions/in-flight.ts'
import { counting, PLENTY, unbounded } from '../support/endpoint.ts'

const asApp = unbounded(() => ({ kind: 'caller', caller: { objectId: 'sp-1', appId: 'app-1', roles: [] } }))
const asNobody = unbounded(() => ({ kind: 'refused', code: 'token_expired' }))
const granted = async () => answer(200, {})
const neverAsked = () => Promise.reject(new Error('it was handled'))

async function call(handler: HttpHandler) {
  const lines: string[] = []
  const context = new InvocationContext({
    functionName: 'issueToken',
    logHandler: (level, ...args: unknown[]) => void lines.push(`${level} ${args.join(' ')}`),
  })
  const request = new HttpRequest({ method: 'POST', url: 'https://keystile.example/api' })
  const { status, headers, body } = (await handler(request, context)) as HttpResponseInit
  const { code } = typeof body === 'string' ? JSON.parse(body) : {}
  return { status, code, headers: headers as Record<string, string>, lines }
}

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
