// Whatever anybody sends to a running vendor, says in the place of the token service, or writes into a record: the
// answer is one of the documented ones, nothing leaks, and the process lives. KEYSTILE_TEST_FUZZ=100 runs 100 times as long.

import { Agent, request as send } from 'node:http'
import fc from 'fast-check'
import { checkRecord } from '../../src/azure/record-reader.ts'
import { tokenService } from '../../src/azure/sts.ts'
import { systemClock } from '../../src/azure/system-clock.ts'
import { parseAccountName } from '../../src/common/account.ts'
import { publicCloud, serviceEndpoint, stsUrl } from '../../src/common/cloud.ts'
import { tag } from '../../src/common/record.ts'
import { Secret } from '../../src/common/secret.ts'
import { expectDocumented, headersFrom } from '../support/openapi.ts'
import { startTestStack, type TestStack, until } from '../support/stack.ts'
import { leaksIn, tokensIn } from '../support/tripwire.ts'

jest.setTimeout(600_000)

const TIMES = Number(process.env.KEYSTILE_TEST_FUZZ ?? 1)
const runs = (count: number) => ({ numRuns: count * TIMES, seed: 20_260_201 })

const UNBOUNDED = { KEYSTILE_RATE_PER_MINUTE: '999999', KEYSTILE_RATE_BURST: '999999' }
/** What a vendor may say to a request for a token, by itself, while everything behind it is well. */
const VEND_CODES = [
  'token_missing',
  'token_invalid',
  'not_granted',
  'unknown_account',
  'malformed_body',
  'body_too_large',
]

let stack: TestStack
const agent = new Agent({ keepAlive: true, maxSockets: 4 })
/** Everything that was answered but tokens, each once. */
const answers = new Set<string>()
let all = ''
let one = ''
beforeAll(async () => {
  // Published once, and then left alone.
  stack = await startTestStack({ vendor: UNBOUNDED, rotator: { KEYSTILE_SCHEDULE: '* * * * * *' } })
  all = (await stack.azure.entra.mint({ kind: 'app', caller: 'app-all' })).token
  one = (await stack.azure.entra.mint({ kind: 'app', caller: 'app-speech' })).token
  const published = () => stack.azure.journal.since(0).entries
  await until(
    'speech-west is published',
    () => published().some(({ event, account }) => event === 'published' && account === 'speech-west'),
    30_000,
  )
})
afterAll(async () => {
  agent.destroy()
  await stack?.close()
})

interface Asked {
  readonly path: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}
interface Answered {
  readonly method: string
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** As bytes: `fetch` would tidy up a path first. `undefined` for what no client can send. */
function ask({ path, method = 'POST', headers = {}, body }: Asked): Promise<Answered | undefined> {
  const { hostname, port } = new URL(stack.vendor.url)
  return new Promise((resolve, reject) => {
    try {
      const sent = send({ agent, hostname, port, path, method, headers }, (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (chunk) => {
          text += chunk
        })
        const { statusCode: status = 0 } = answer
        answer.on('end', () => resolve({ method, status, headers: headersFrom(answer.headers), text }))
      })
      sent.on('error', reject)
      sent.end(body)
    } catch {
      resolve(undefined)
    }
  })
}

/** What the host says where it reaches no function: 400 to a path that is no URL, 404 to one that is no route. */
const isOfTheHost = ({ status, text }: Answered): boolean => text === '' && [400, 404].includes(status)

/** As the document has it, with one of these codes where it is a refusal; or one of the host's own. */
function expectOneOf(answer: Answered | undefined, codes: readonly string[]): void {
  if (!answer || isOfTheHost(answer)) return
  // A vendor has one route with an account in it, however the path is written.
  expectDocumented({ ...answer, path: '/api/accounts/any/token', role: 'vendor' })
  if (answer.status === 200) return
  answers.add(answer.text.replace(/"traceId":"[0-9a-f]+"/, ''))
  expect(codes).toContain(JSON.parse(answer.text).code)
}
const marked = () => [...stack.secrets(), all, one].map((secret) => ({ name: 'a secret', secret }))

const text = fc.string({ unit: 'binary', maxLength: 60 })
const name = fc.oneof(
  text.map(encodeURIComponentSafely),
  fc.stringMatching(/^[!-~]{1,40}$/),
  fc.constantFrom(
    'speech-west',
    'SPEECH-WEST',
    'speech%2Dwest',
    'a%2Fb',
    '..',
    '%2e%2e',
    '.',
    '%00',
    '%',
    '%zz',
    'ſpeech',
  ),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'a'.repeat(127),
    'a'.repeat(128),
    '%F0%9F%94%91',
    '%E2%80%AE',
    'speech-west;a=b',
  ),
)
function encodeURIComponentSafely(given: string): string {
  return encodeURIComponent(given.toWellFormed())
}
const header = fc.oneof(
  fc.stringMatching(/^[ -~]{0,200}$/),
  fc.constantFrom(
    'Bearer',
    'Bearer ',
    'bearer x',
    'Basic YTpi',
    'Bearer a.b.c',
    'Bearer ..',
    'Bearer eyJhbGciOiJub25lIn0.e30.',
  ),
  fc
    .nat(20_000)
    .map((length) => `Bearer ${'a'.repeat(length)}.b.c`)
    .filter((value) => value.length < 12_000),
)

test('any path, with a good token', async () => {
  const paths = fc.oneof(
    name.map((each) => `/api/accounts/${each}/token`),
    fc.tuple(name, name).map(([a, b]) => `/api/accounts/${a}/${b}/token`),
    name.map((each) => `/api//accounts/${each}/token/`),
  )
  await fc.assert(
    fc.asyncProperty(paths, fc.constantFrom('Bearer ', 'bearer '), async (path, scheme) => {
      const bearer = path.length % 2 === 0 ? all : one
      expectOneOf(await ask({ path, headers: { authorization: `${scheme}${bearer}` } }), VEND_CODES)
    }),
    runs(400),
  )
})

test('any header, with and without a good token', async () => {
  const names = fc.constantFrom(
    'x-ms-client-principal',
    'traceparent',
    'content-type',
    'accept',
    'x-forwarded-for',
    'expect-ct',
  )
  await fc.assert(
    fc.asyncProperty(header, names, header, async (authorization, other, value) => {
      const path = '/api/accounts/speech-west/token'
      expectOneOf(await ask({ path, headers: { authorization, [other]: value } }), VEND_CODES)
    }),
    runs(300),
  )
})

test('any body, and any method', async () => {
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 2_000 }),
    fc.json().map((json) => new TextEncoder().encode(json)),
    fc
      .constantFrom('{}', '[]', 'null', '{"__proto__":{}}', '{"a":1e999}', '\u0000', ' '.repeat(3_000))
      .map((json) => new TextEncoder().encode(json)),
  )
  const methods = fc.constantFrom('POST', 'POST', 'POST', 'GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS')
  await fc.assert(
    fc.asyncProperty(bodies, methods, async (body, method) => {
      const headers = { authorization: `Bearer ${all}`, 'content-length': `${body.length}` }
      const answer = await ask({ path: '/api/accounts/speech-west/token', method, headers, body })
      expectOneOf(answer, [...VEND_CODES, 'method_not_allowed'])
    }),
    runs(300),
  )
})

test('any change to a token that was good: nobody is let in, unless it is the same token', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.constantFrom(...'ABCabc019-_.='),
      fc.constantFrom(all, one),
      async (at, char, token) => {
        const place = at % token.length
        const changed = `${token.slice(0, place)}${char}${token.slice(place + 1)}`
        const answer = await ask({
          path: '/api/accounts/nowhere/token',
          headers: { authorization: `Bearer ${changed}` },
        })
        expectOneOf(answer, VEND_CODES)
        // The last letter of a signature has bits to spare.
        if (place < token.length - 1 && changed !== token) expect(answer?.status).toBe(401)
      },
    ),
    runs(200),
  )
})

test('after all of this the process lives, vends, and has written no secret', async () => {
  const answer = await ask({ path: '/api/accounts/speech-west/token', headers: { authorization: `Bearer ${all}` } })
  expect(answer?.status).toBe(200)
  expect(stack.vendor.child.exitCode).toBeNull()
  const seen = [...stack.lines, ...answers].map((line) => ({ where: line.slice(0, 60), text: line }))
  expect([...leaksIn(seen, marked()), ...tokensIn(seen)]).toEqual([])
  expect(stack.lines.filter((line) => /internal: |"result":"internal"|uncaught/i.test(line))).toEqual([])
})

test('any answer of a token service ends as one of the endings that there are', async () => {
  const kinds = ['token', 'refused', 'forbidden', 'unsupported', 'unknown']
  const credential = { getToken: async () => null }
  const body = fc.oneof(
    text,
    fc.json(),
    fc.tuple(text, text, text).map((parts) => parts.map((part) => Buffer.from(part).toString('base64url')).join('.')),
  )
  const exp = fc.oneof(fc.double(), fc.constantFrom(null, '1', -1, 1e300, {}, []))
  const jwt = exp.map((each) => `e30.${Buffer.from(JSON.stringify({ exp: each })).toString('base64url')}.`)
  const status = fc
    .oneof(fc.integer({ min: 200, max: 599 }), fc.constant(200))
    .filter((each) => ![204, 205, 304].includes(each))
  await fc.assert(
    fc.asyncProperty(fc.oneof(body, jwt), status, async (said, code) => {
      const fetched = jest
        .spyOn(globalThis, 'fetch')
        .mockImplementation(async () => new Response(said, { status: code }))
      const tokens = tokenService({ cloud: publicCloud, clock: systemClock, credential })
      const answer = await tokens
        .exchange({ region: 'westus2' }, Secret.of('a key'))
        .finally(() => fetched.mockRestore())
      expect(kinds).toContain(answer.kind)
      if (answer.kind !== 'token') return
      const left = answer.expiresAt.getTime() - Date.now()
      expect(code === 200 && left <= 600_000 && left > -1_000).toBe(true)
    }),
    runs(1_000),
  )
})

test('any record is one that names an account and a host of Azure, or none', () => {
  const value = fc.oneof(text, fc.constantFrom('westus2', 'evil.example/', 'a.b', 'key1', 'none', 'SpeechServices', ''))
  const tags = fc.dictionary(fc.oneof(fc.constantFrom(...Object.values(tag)), text), value, { maxKeys: 12 })
  const base = { [tag.credentialId]: 'key1', [tag.kind]: 'SpeechServices', [tag.region]: 'westus2' }
  const id =
    '/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/ai/providers/Microsoft.CognitiveServices/accounts/a1'
  const hosts =
    /^https:\/\/([a-z0-9-]{1,63}\.)?(api\.cognitive\.microsoft\.com|cognitiveservices\.azure\.com|api\.cognitive\.microsofttranslator\.com)\//
  fc.assert(
    fc.property(tags, fc.boolean(), fc.string({ minLength: 1 }), (given, whole, key) => {
      const answer = checkRecord(Secret.of(key), whole ? { ...base, [tag.providerAddress]: id, ...given } : given)
      if (answer.kind !== 'record' && answer.kind !== 'keyless') return expect(answer).toEqual({ kind: 'not-a-record' })
      const { place, kind, providerAddress } = answer.kind === 'record' ? answer.record : answer.account
      expect(providerAddress).toMatch(/Microsoft\.CognitiveServices\/accounts\//i)
      for (const url of [stsUrl(publicCloud, place), serviceEndpoint(publicCloud, place, kind)])
        if (url !== undefined) expect([url, new URL(url).href, hosts.test(url)]).toEqual([url, url, true])
    }),
    runs(2_000),
  )
})

test('any text is the name of an account only if Key Vault would take it', () => {
  fc.assert(
    fc.property(fc.oneof(text, fc.string({ unit: 'grapheme' })), (given) => {
      expect(parseAccountName(given) ?? 'a').toMatch(/^[0-9a-z-]{1,127}$/)
    }),
    runs(1_000),
  )
})
