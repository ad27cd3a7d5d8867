// The embedded host on the wire: a fixture app with the real library, in a process of its own. How it starts and ends
// is in host-lifecycle.test.ts, queues are in host-queues.test.ts.

import { request as httpRequest } from 'node:http'
import { type AddressInfo, connect, Server } from 'node:net'
import { listen } from '../../local/host/http.ts'
import { cleanUpHosts, eventually, type RunningApp, runApp, writeApp } from '../support/host.ts'

const APP = `
const { app } = require('@azure/functions')
const json = (handler) => async (request, context) => ({ jsonBody: await handler(request, context) })
const get = (name, route, handler) => app.http(name, { methods: ['GET'], route, handler: json(handler) })
get('plain', undefined, () => ({ at: 'plain' }))
get('item', 'items/{id:int}', ({ params }) => ({ by: 'number', ...params }))
get('itemByName', 'items/{name:alpha}', ({ params }) => ({ by: 'name', ...params }))
get('greet', 'greet/{who?}', ({ params }) => ({ who: params.who ?? 'nobody' }))
get('files', 'files/{*rest}', ({ params }) => ({ rest: params.rest ?? '' }))
get('literal', 'files/special', () => ({ rest: 'a route of its own' }))
get('sized', 'sized/{code:length(2,3)}', ({ params }) => params)
get('mixed', 'mixed/v{major:int}.{minor}', ({ params }) => params)
get('echo', 'Echo/{Name}', (request, context) => ({
  params: request.params,
  query: request.query.get('a'),
  url: new URL(request.url).searchParams.getAll('a'),
  header: request.headers.get('x-twice'),
  invocationId: context.invocationId,
  traceParent: context.traceContext.traceParent,
}))
app.http('body', { methods: ['POST'], handler: json(async (request) => ({ text: await request.text() })) })
app.http('anyMethod', { methods: ['GET', 'PUT', 'DELETE'], handler: json((request) => ({ method: request.method })) })
app.http('nothing', { handler: async () => undefined })
app.http('boom', { handler: async () => { throw new Error('the inside of the app') } })
app.http('wrongReturn', { handler: async () => 'a bare string' })
app.http('created', { handler: async () => ({
  status: 201,
  headers: { Location: '/api/items/7', 'X-Own': 'yes' },
  cookies: [{ name: 'a', value: 'b c', maxAge: 60, httpOnly: true, sameSite: 'Strict' }, { name: 'd', value: 'e' }],
  body: Buffer.from([0, 255, 10]),
}) })
app.http('logs', { handler: async (request, context) => {
  context.debug('too quiet'); context.warn('loud enough'); context.log('two\\nlines', { and: 1 }); return { status: 200 }
} })
const seen = []
app.http('seen', { handler: json(() => seen) })
app.timer('yearly', { schedule: '%YEARLY%', runOnStartup: true, handler: (timer) => void seen.push({ yearly: timer }) })
app.storageQueue('fromQueue', { queueName: 'never-polled', connection: 'NoSuchSetting', handler: (entry, context) => {
  seen.push({ entry, name: context.functionName })
  throw new Error('told to nobody')
} })
app.hook.preInvocation((context) => {
  if (context.invocationContext.functionName === 'plain') seen.push('before plain')
})
app.hook.postInvocation((context) => {
  if (context.invocationContext.functionName === 'plain') seen.push(['after plain', context.result.jsonBody])
})
`

let host: RunningApp

beforeAll(async () => {
  const hostJson = { logging: { logLevel: { default: 'Information' } } }
  const settings = { Values: { YEARLY: '0 0 0 1 1 *' }, Host: { CORS: 'http://shop.example' } }
  const files = { 'local.settings.json': JSON.stringify(settings) }
  host = await runApp(writeApp({ app: APP, hostJson, files }))
})
afterAll(cleanUpHosts)

test('the host listens on loopback alone', async () => {
  const bind = jest.spyOn(Server.prototype, 'listen')
  const server = await listen(0)
  const places = bind.mock.contexts.map((each) => (each.address() as AddressInfo).address)
  bind.mockRestore()
  await server.stopListening()
  expect(places).toEqual(['127.0.0.1'])
})

const get = async (path: string, init?: RequestInit) => {
  const answer = await fetch(`${host.url}${path}`, init)
  const text = await answer.text()
  return { status: answer.status, body: text === '' ? '' : (JSON.parse(text) as unknown) }
}

describe('routes', () => {
  test.each([
    { path: '/api/plain', body: { at: 'plain' } },
    { path: '/API/Plain', body: { at: 'plain' } },
    { path: '/api/plain/', body: { at: 'plain' } },
    { path: '/api/items/7', body: { by: 'number', id: '7' } },
    { path: '/api/items/seven', body: { by: 'name', name: 'seven' } },
    { path: '/api/greet', body: { who: 'nobody' } },
    { path: '/api/greet/Anna%20B', body: { who: 'Anna B' } },
    { path: '/api/files', body: { rest: '' } },
    { path: '/api/files/a/b%20c.txt', body: { rest: 'a/b c.txt' } },
    { path: '/api/files/special', body: { rest: 'a route of its own' } },
    { path: '/api/sized/abc', body: { code: 'abc' } },
    { path: '/api/mixed/v2.x', body: { major: '2', minor: 'x' } },
  ])('GET $path is 200 with $body', async ({ path, body }) => {
    expect(await get(path)).toEqual({ status: 200, body })
  })

  test.each([
    { call: 'no such route', method: 'GET', path: '/api/unknown' },
    { call: 'no prefix', method: 'GET', path: '/plain' },
    { call: 'a value that breaks its constraint', method: 'GET', path: '/api/items/a1' },
    { call: 'a value that is too long', method: 'GET', path: '/api/sized/abcd' },
    { call: 'an empty segment', method: 'GET', path: '/api/echo/' },
    { call: 'a wrong method', method: 'POST', path: '/api/plain' },
    { call: 'OPTIONS without CORS headers', method: 'OPTIONS', path: '/api/plain' },
  ])('$call is 404 with an empty body: $method $path', async ({ method, path }) => {
    expect(await get(path, { method })).toEqual({ status: 404, body: '' })
  })

  test('each of the methods that a function names is served', async () => {
    expect(await get('/api/anyMethod', { method: 'PUT' })).toEqual({ status: 200, body: { method: 'PUT' } })
    expect(await get('/api/anyMethod', { method: 'DELETE' })).toEqual({ status: 200, body: { method: 'DELETE' } })
  })
})

describe('requests', () => {
  test('repeated query and header values are joined by a comma, but request.url keeps them apart', async () => {
    const path = '/api/echo/Some%2FName?a=1&a=2'
    const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`
    const raw = await rawRequest(
      `GET ${path} HTTP/1.1\r\nHost: x\r\nX-Twice: p\r\nx-twice: q\r\nTraceparent: ${traceparent}\r\n`,
    )
    expect(JSON.parse(raw.slice(raw.indexOf('{')))).toEqual({
      params: { Name: 'Some%2FName' },
      query: '1,2',
      url: ['1', '2'],
      header: 'p,q',
      invocationId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      traceParent: expect.stringMatching(new RegExp(`^00-${'1'.repeat(32)}-[0-9a-f]{16}-01$`)),
    })
  })

  test('a body with a length arrives', async () => {
    expect(await get('/api/body', { method: 'POST', body: 'héllo' })).toEqual({ status: 200, body: { text: 'héllo' } })
  })

  test('a chunked body is dropped', async () => {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const request = httpRequest(`${host.url}/api/body`, { method: 'POST' }, (answer) => {
      answer.setEncoding('utf8').on('data', resolve)
    })
    request.on('error', reject)
    request.write('first ')
    request.end('second')
    expect(JSON.parse(await promise)).toEqual({ text: '' })
  })

  test('a body announced as longer than 100 MB is 413 and is not read', async () => {
    const head = 'POST /api/body HTTP/1.1\r\nHost: x\r\nContent-Length: 104857601\r\n'
    expect(await rawRequest(head)).toMatch(/^HTTP\/1\.1 413 /)
  })
})

describe('answers', () => {
  test('nothing returned is 204', async () => {
    expect(await get('/api/nothing')).toEqual({ status: 204, body: '' })
  })

  test.each(['/api/boom', '/api/wrongReturn'])(
    '%s fails: 500 with an empty body, the reason only in the log',
    async (path) => {
      expect(await get(path)).toEqual({ status: 500, body: '' })
      expect(await host.line(new RegExp(`error ${path.slice(5)} Executed .*Failed`))).toBeDefined()
    },
  )

  test('the log has the error that was thrown, in one line', async () => {
    await get('/api/boom')
    expect(await host.line(/error boom Executed .*Error: the inside of the app\\n {4}at /)).toBeDefined()
  })

  test('status, headers, cookies and bytes arrive as they were returned', async () => {
    const answer = await fetch(`${host.url}/api/created`)
    expect(answer.status).toBe(201)
    expect(answer.headers.get('location')).toBe('/api/items/7')
    expect(answer.headers.get('x-own')).toBe('yes')
    expect(answer.headers.getSetCookie()).toEqual([
      'a=b%20c; max-age=60; path=/; samesite=strict; httponly',
      'd=e; path=/',
    ])
    expect([...new Uint8Array(await answer.arrayBuffer())]).toEqual([0, 255, 10])
  })
})

test('a log line is [time] level function message; the level is filtered by host.json', async () => {
  await get('/api/logs')
  expect(await host.line(/^\[\d{4}-\d\d-\d\dT[\d:.]+Z\] warning logs loud enough$/)).toBeDefined()
  expect(await host.line(/ information logs two\\nlines \{ and: 1 \}$/)).toBeDefined()
  expect(host.lines.join('\n')).not.toContain('too quiet')
})

test('hooks run around a call', async () => {
  await get('/api/plain')
  const { body } = await get('/api/seen')
  expect(body).toContain('before plain')
  expect(body).toContainEqual(['after plain', { at: 'plain' }])
})

test('a timer gets its schedule; runOnStartup runs it at once; %NAME% comes from local.settings.json', async () => {
  const { body } = await get('/api/seen')
  const january = new Date(new Date().getFullYear() + 1, 0, 1).toISOString()
  expect(body).toContainEqual({
    yearly: {
      schedule: { adjustForDST: true },
      scheduleStatus: { last: '0001-01-01T00:00:00.000Z', next: january, lastUpdated: '0001-01-01T00:00:00.000Z' },
      isPastDue: false,
    },
  })
})

test('the start lists every function, and says which listener could not be started and why', () => {
  const lines = host.lines.map((line) => line.replace(/^\S+ /, ''))
  expect(lines).toContain(`information host Function item: [GET] ${host.url}/api/items/{id:int}`)
  expect(lines).toContain('information host Function yearly: timerTrigger %YEARLY%')
  expect(lines).toContainEqual(
    expect.stringMatching(/^error fromQueue The listener .* the setting NoSuchSetting is missing/),
  )
})

describe('POST /admin/functions/NAME', () => {
  const run = (name: string, body: string, type = 'application/json') =>
    get(`/admin/functions/${name}`, { method: 'POST', body, headers: { 'content-type': type } })

  test('runs a queue function with its input: 202 at once, the failure only in the log', async () => {
    expect(await run('FROMQUEUE', '{"input":"{\\"account\\":\\"acct\\"}"}')).toEqual({ status: 202, body: '' })
    expect(await host.line(/error fromQueue Executed .*told to nobody/)).toBeDefined()
    expect((await get('/api/seen')).body).toContainEqual({ entry: { account: 'acct' }, name: 'fromQueue' })
  })

  test('runs a timer function', async () => {
    expect(await run('yearly', '{}')).toEqual({ status: 202, body: '' })
    await eventually(async () => {
      const input = { schedule: { adjustForDST: true }, scheduleStatus: null, isPastDue: false }
      expect((await get('/api/seen')).body).toContainEqual({ yearly: input })
    })
  })

  test.each([
    { what: 'an unknown function', name: 'nobody', body: '{}', type: 'application/json', status: 404 },
    { what: 'no content type for JSON', name: 'yearly', body: '{}', type: 'text/plain', status: 415 },
    { what: 'no body', name: 'yearly', body: '', type: 'application/json', status: 400 },
    { what: 'a body that is not JSON', name: 'yearly', body: '{', type: 'application/json', status: 400 },
    { what: 'a body that is no object', name: 'yearly', body: '[]', type: 'application/json', status: 400 },
    { what: 'an input that is no text', name: 'yearly', body: '{"input":{}}', type: 'application/json', status: 400 },
    { what: 'an HTTP function', name: 'plain', body: '{}', type: 'application/json', status: 400 },
  ])('$what is $status', async ({ name, body, type, status }) => {
    expect(await run(name, body, type)).toEqual({ status, body: '' })
  })
})

describe('CORS', () => {
  test('a preflight of an allowed origin is answered without the function', async () => {
    const answer = await fetch(`${host.url}/api/body`, {
      method: 'OPTIONS',
      headers: {
        origin: 'http://shop.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'x-one, authorization',
      },
    })
    expect(answer.status).toBe(204)
    expect(answer.headers.get('access-control-allow-origin')).toBe('http://shop.example')
    expect(answer.headers.get('access-control-allow-methods')).toBe('POST')
    expect(answer.headers.get('access-control-allow-headers')).toBe('x-one, authorization')
  })

  test.each([
    { origin: 'http://shop.example', allowed: 'http://shop.example' },
    { origin: 'http://other.example', allowed: null },
  ])('an answer to $origin allows $allowed', async ({ origin, allowed }) => {
    const answer = await fetch(`${host.url}/api/plain`, { headers: { origin } })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('access-control-allow-origin')).toBe(allowed)
  })
})

/** One request, head only, over a bare socket. @returns Everything that comes back. */
async function rawRequest(head: string): Promise<string> {
  const socket = connect(host.port, '127.0.0.1')
  socket.write(`${head}Connection: close\r\n\r\n`)
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text
}
