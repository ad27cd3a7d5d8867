// docs/openapi.json: fresh, in order, and strict enough to notice an answer that is not in it.

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { openApiText } from '../../openapi/document.ts'
import { routes } from '../../openapi/routes.ts'
import { problemCodes } from '../../src/functions/schemas/problem.ts'
import { type Answered, expectDocumented } from '../support/openapi.ts'
import { read } from '../support/sources.ts'

interface Schema {
  readonly properties?: { readonly code?: { readonly const: string } }
}
const text = read('docs/openapi.json')
const document: { openapi: string; paths: object; components: { schemas: Record<string, Schema> } } = JSON.parse(text)

test('it is the one that the schemas make: npm run openapi', () => {
  expect(text === openApiText()).toBe(true)
})

test('the recommended rules of Redocly find nothing', async () => {
  const main = join(__dirname, '../../openapi/main.ts')
  const run = promisify(execFile)
  const flags = ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON']
  expect(await run(process.execPath, [...flags, main, '--check'])).toEqual({ stdout: '', stderr: '' })
})

test('every code is the refusal of some route', () => {
  expect(problemCodes.filter((code) => !routes.some(({ refusals }) => refusals.includes(code)))).toEqual([])
})

test.each(problemCodes)('the type of %s leads to its description', (code) => {
  expect(document.components.schemas[code]?.properties).toMatchObject({
    type: { const: `/api/openapi.json#/components/schemas/${code}` },
    code: { const: code },
  })
})

/** The values of every `example` and `examples`. */
function examplesIn(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return []
  return Object.entries(node).flatMap(([name, value]) =>
    name === 'example' || name === 'examples' ? [JSON.stringify(value)] : examplesIn(value),
  )
}

test('no example looks like a secret', () => {
  const examples = examplesIn(document)
  expect(examples.length).toBeGreaterThan(15)
  expect(examples.filter((each) => /eyJ|[A-Za-z0-9]{33,}|(?<!traceId":")[0-9a-f]{32}|AccountKey/.test(each))).toEqual(
    [],
  )
})

const token = {
  access_token: 'x',
  token_type: 'Bearer',
  expires_in: 540,
  expires_at: '2026-02-01T12:09:00.000Z',
  refresh_after: '2026-02-01T12:07:00.000Z',
  account: 'speech-west',
  region: 'westus2',
  endpoint: 'https://westus2.api.cognitive.microsoft.com/',
}
const json = {
  'content-type': 'application/json',
  'cache-control': 'no-store',
  'access-control-expose-headers': 'Retry-After, RateLimit, RateLimit-Policy',
  ratelimit: '"caller";r=119;t=1',
  'ratelimit-policy': '"caller";q=120;w=120',
}
const vended = (body: object, headers: Record<string, string> = {}, change: Partial<Answered> = {}): Answered => ({
  method: 'POST',
  path: '/api/accounts/speech-west/token',
  status: 200,
  headers: new Headers({ ...json, ...headers }),
  text: JSON.stringify(body),
  ...change,
})
const refusal = { title: 'x', detail: 'x', traceId: 'x' }
const problem = (code: string, status: number, more = {}) => ({
  type: `/api/openapi.json#/components/schemas/${code}`,
  status,
  code,
  ...refusal,
  ...more,
})
const asProblem = { 'content-type': 'application/problem+json' }

test('an answer that is documented is let through', () => {
  expect(() => expectDocumented(vended(token))).not.toThrow()
  const refused = vended(problem('unknown_account', 404), asProblem, { status: 404 })
  expect(() => expectDocumented(refused)).not.toThrow()
})

const { region: _region, ...lame } = token
test.each<[string, Answered, RegExp]>([
  ['a member that is missing', vended(lame), /must have required property 'region'/],
  ['a member too many', vended({ ...token, key: 'x' }), /must NOT have additional properties/],
  ['a member of another type', vended({ ...token, expires_in: '540' }), /\/expires_in must be integer/],
  ['an instant that is none', vended({ ...token, expires_at: 'soon' }), /\/expires_at must match format "date-time"/],
  ['a status', vended(token, {}, { status: 201 }), /POST .* answered 201, .* no such answer/],
  ['a method', vended(token, {}, { method: 'GET' }), /GET .* answered 200, .* no such answer/],
  ['a route', vended(token, {}, { path: '/api/tokens' }), /no such answer/],
  ['a type', vended(token, { 'content-type': 'text/plain' }), /type text\/plain is not documented/],
  ['no word on caches', vended(token, { 'cache-control': 'public' }), /header Cache-Control/],
  ['a form of header', vended(token, { ratelimit: '119' }), /header RateLimit: all of it must match pattern/],
  ['a header of another answer', vended(token, { location: '/api/accounts/x' }), /header Location is not documented/],
  [
    'a code of another route',
    vended(problem('in_grace', 409, { until: '2026-02-03T00:00:00.000Z' }), asProblem, { status: 409 }),
    /answered 409/,
  ],
  ['a code with another status', vended(problem('not_granted', 404), asProblem, { status: 404 }), /answered 404/],
  [
    'a code without its fact',
    vended(problem('in_grace', 409), asProblem, { status: 409, path: '/api/accounts/x/rotate' }),
    /must have required property 'until'/,
  ],
  ['401 without a challenge', vended(problem('token_missing', 401), asProblem, { status: 401 }), /WWW-Authenticate/],
  ["the host's 404 where the app serves it", vended({}, {}, { status: 404, text: '', role: 'vendor' }), /404/],
])('%s is noticed', (_what, answered, said) => expect(() => expectDocumented(answered)).toThrow(said))

test('where no body is documented, there is none', () => {
  const headers = { etag: `"${'x'.repeat(43)}"`, 'cache-control': 'public, max-age=3600' }
  const exposed = { 'access-control-expose-headers': 'Retry-After, RateLimit, RateLimit-Policy' }
  const known = {
    method: 'GET',
    path: '/api/openapi.json',
    status: 304,
    headers: new Headers({ ...headers, ...exposed }),
  }
  expect(() => expectDocumented({ ...known, text: '' })).not.toThrow()
  expect(() => expectDocumented({ ...known, text: '{}' })).toThrow('a body is not documented here')
})

test("the host's 404 is none of ours where the app does not serve the route", () => {
  const answered = vended({}, {}, { status: 404, text: '', role: 'rotator' })
  expect(() => expectDocumented(answered)).not.toThrow()
})
