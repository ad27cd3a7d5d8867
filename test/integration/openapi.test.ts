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

  test.each(['openapi.json', 'health'])('takes no method but GET and HEAD for %s', async (path) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const answer = await ask(path, method)
      expect([method, answer.status, answer.headers.get('allow')]).toEqual([method, 405, 'GET, HEAD'])
    }
  })

  test.each(['openapi.json', 'health'])('answers HEAD of %s as GET, without the body', async (path) => {
    const [whole, head] = [await ask(path), await ask(path, 'HEAD')]
    const headersOf = ({ headers }: Response) =>
      [...headers].filter(([name]) => !/^(date|connection|keep-alive)$/.test(name))
    expect([head.status, headersOf(head), await head.text()]).toEqual([200, headersOf(whole), ''])
    expect(head.headers.get('content-length')).toBe(`${(await whole.arrayBuffer()).byteLength}`)
  })

  test('does not send the document again to who has it', async () => {
    const tag = (await ask('openapi.json')).headers.get('etag') ?? ''
    const again = await fetch(`${stack[app].url}/api/openapi.json`, { headers: { 'if-none-match': tag } })
    expect([again.status, again.headers.get('etag'), await again.text()]).toEqual([304, tag, ''])
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
