// The description of the API on the wire, and what surrounds the routes: other methods, and routes of the other app.

import { read } from '../support/sources.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'

jest.setTimeout(60_000)

let stack: TestStack
beforeAll(async () => {
  stack = await startTestStack()
})
afterAll(() => stack?.close())

describe.each(['vendor', 'rotator'] as const)('the %s', (app) => {
  const ask = (path: string, method = 'GET') => fetch(`${stack[app].url}/api/${path}`, { method })

  test('serves the document to anybody, for an hour of anybody’s cache', async () => {
    const answer = await ask('openapi.json')
    expect(answer.headers.get('cache-control')).toBe('public, max-age=3600')
    expect(answer.headers.get('content-type')).toMatch(/^application\/json\b/)
    expect(await answer.json()).toEqual(JSON.parse(read('docs/openapi.json')))
  })

  test.each(['openapi.json', 'health'])('takes no other method for %s', async (path) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']) {
      const answer = await ask(path, method)
      expect([method, answer.status, answer.headers.get('allow')]).toEqual([method, 405, 'GET'])
    }
  })

  test('answers a route that nobody has with an empty 404', async () => {
    const answer = await ask('nothing')
    expect([answer.status, await answer.text()]).toEqual([404, ''])
  })
})

test('neither answers for the other', async () => {
  const asked = [`${stack.vendor.url}/api/accounts`, `${stack.rotator.url}/api/accounts/speech-west/token`]
  for (const url of asked) expect((await fetch(url, { method: 'POST' })).status).toBe(404)
})
