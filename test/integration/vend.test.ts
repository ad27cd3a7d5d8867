// Vending on the wire: what a caller gets, and every way in which one is turned away.

import { startApp } from '../../local/app-process.ts'
import type { MintRequest } from '../../local/azure/entra/mint-request.ts'
import { callService } from '../../local/client.ts'
import { startAdoptedStack, type TestStack } from '../support/stack.ts'

jest.setTimeout(60_000)

let stack: TestStack
/** Everything that was answered, for the search at the end. */
const answers: string[] = []
const tokens: string[] = []

beforeAll(async () => {
  stack = await startAdoptedStack()
})
afterAll(() => stack?.close())

const mint = async (request: MintRequest) => (await stack.azure.entra.mint(request)).token
const app = (caller = 'app-all'): MintRequest => ({ kind: 'app', caller })

interface Asked {
  bearer?: string | undefined
  method?: string
  body?: string
  headers?: Record<string, string>
}

async function ask(account: string, { bearer, method = 'POST', body, headers = {} }: Asked = {}) {
  const answer = await fetch(`${stack.vendor.url}/api/accounts/${account}/token`, {
    method,
    headers: { ...headers, ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }) },
    ...(body === undefined ? {} : { body }),
  })
  const text = await answer.text()
  answers.push(text)
  return { status: answer.status, headers: answer.headers, body: text === '' ? undefined : JSON.parse(text) }
}

test.each([
  ['speech-west', 'SpeechServices', 'westus2', 'https://speech-west.cognitiveservices.azure.com/'],
  ['multi-east', 'CognitiveServices', 'eastus', 'https://eastus.api.cognitive.microsoft.com/'],
  ['translator-global', 'TextTranslation', 'global', 'https://api.cognitive.microsofttranslator.com/'],
  ['translator-north', 'TextTranslation', 'northeurope', 'https://api.cognitive.microsofttranslator.com/'],
])('a token of %s is had and works', async (account, kind, region, endpoint) => {
  const { status, body, headers } = await ask(account, { bearer: await mint(app()) })
  expect(status).toBe(200)
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('ratelimit')).toMatch(/^"caller";r=\d+;t=\d+$/)
  expect(body).toEqual({
    access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    token_type: 'Bearer',
    expires_in: expect.any(Number),
    expires_at: expect.stringMatching(/Z$/),
    refresh_after: expect.stringMatching(/Z$/),
    account,
    region,
    endpoint,
  })
  expect(body.expires_in).toBeGreaterThanOrEqual(300)
  expect(body.expires_in).toBeLessThanOrEqual(600)
  tokens.push(body.access_token)
  expect(await callService({ kind, region }, { kind: 'token', token: body.access_token })).toBe(200)
})

test('a hundred callers of a vendor that has just started make one exchange', async () => {
  const fresh = await startApp({ name: 'fresh', port: 0, env: stack.env('vendor') })
  try {
    const headers = { authorization: `Bearer ${await mint(app())}` }
    const before = stack.azure.journal.counts()['sts.issueToken'] ?? 0
    const url = `${fresh.url}/api/accounts/speech-west/token`
    const given = await Promise.all(Array.from({ length: 100 }, () => fetch(url, { method: 'POST', headers })))
    expect(new Set(given.map(({ status }) => status))).toEqual(new Set([200]))
    expect((stack.azure.journal.counts()['sts.issueToken'] ?? 0) - before).toBe(1)
  } finally {
    await fresh.close()
  }
})

test.each<[string, MintRequest]>([
  [
    'an application with v1 tokens',
    {
      ...app(),
      claims: {
        ver: '1.0',
        iss: 'https://sts.windows.net/7e4a4700-0000-4000-8000-000000000001/',
        aud: 'api://keystile',
        appid: 'ca11e400-0000-4000-8000-000000000001',
        azp: null,
      },
    },
  ],
  ['an application of one account', app('app-speech')],
  [
    'a user with scope and role',
    { kind: 'user', caller: 'app-all', scopes: ['access_as_user'], roles: ['Token.Issue'] },
  ],
])('%s is let in', async (_who, request) => {
  expect((await ask('speech-west', { bearer: await mint(request) })).status).toBe(200)
})

const refusals: [string, MintRequest | undefined, string, Asked, number, string][] = [
  ['no token', undefined, 'speech-west', {}, 401, 'token_missing'],
  ['a token that is text', undefined, 'speech-west', { bearer: 'abc' }, 401, 'token_invalid'],
  ['an expired token', { ...app(), lifetimeSeconds: -120 }, 'speech-west', {}, 401, 'token_expired'],
  [
    'a token for ARM',
    { kind: 'app', caller: 'app-all', resource: 'https://management.azure.com' },
    'speech-west',
    {},
    401,
    'token_wrong_audience',
  ],
  [
    'a token of another tenant',
    { ...app(), claims: { tid: '00000000-0000-4000-8000-00000000000f' } },
    'speech-west',
    {},
    401,
    'token_wrong_tenant',
  ],
  [
    'a token of another issuer',
    { ...app(), claims: { iss: 'https://login.microsoftonline.com/00000000-0000-4000-8000-00000000000f/v2.0' } },
    'speech-west',
    {},
    401,
    'token_wrong_tenant',
  ],
  ['alg none', { ...app(), sign: 'none' }, 'speech-west', {}, 401, 'token_invalid'],
  ['HS256 with the public key', { ...app(), sign: 'hs256' }, 'speech-west', {}, 401, 'token_invalid'],
  ['a key that nobody published', { ...app(), sign: 'other-key' }, 'speech-west', {}, 401, 'token_invalid'],
  [
    'an ID token for the API',
    { kind: 'id', caller: 'app-all', forApi: true, claims: { roles: ['Token.Issue'] } },
    'speech-west',
    {},
    401,
    'token_invalid',
  ],
  [
    'an ID token of the application',
    { kind: 'id', caller: 'app-all', claims: { roles: ['Token.Issue'] } },
    'speech-west',
    {},
    401,
    'token_wrong_audience',
  ],
  ['no role', app('nobody'), 'speech-west', {}, 403, 'not_granted'],
  ['a role of the rotation', app('operator'), 'speech-west', {}, 403, 'not_granted'],
  [
    'a user with the role and no scope',
    { kind: 'user', caller: 'app-all', scopes: ['openid'], roles: ['Token.Issue'] },
    'speech-west',
    {},
    403,
    'not_granted',
  ],
  [
    'a user with the scope and no role',
    { kind: 'user', caller: 'app-all', scopes: ['access_as_user'] },
    'speech-west',
    {},
    403,
    'not_granted',
  ],
  ['another account', app('app-speech'), 'multi-east', {}, 403, 'not_granted'],
  ['another account that does not exist', app('app-speech'), 'nowhere', {}, 403, 'not_granted'],
  ['an unknown account', app(), 'nowhere', {}, 404, 'unknown_account'],
  ['a name that is none', app(), 'a_b', {}, 404, 'unknown_account'],
  ['an account that was never published', app(), 'speech-held', {}, 404, 'unknown_account'],
  ['an account without a token service', app(), 'vision-west', {}, 409, 'tokens_unsupported'],
  ['a body that is no JSON', app(), 'speech-west', { body: 'x' }, 400, 'malformed_body'],
  ['a body that asks for something', app(), 'speech-west', { body: '{"lifetime":3600}' }, 400, 'malformed_body'],
  ['an oversized body', app(), 'speech-west', { body: `"${'x'.repeat(100_000)}"` }, 413, 'body_too_large'],
  ['another method', app(), 'speech-west', { method: 'GET' }, 405, 'method_not_allowed'],
  [
    'a principal header that anybody could send',
    undefined,
    'speech-west',
    { headers: { 'x-ms-client-principal': Buffer.from('{"userRoles":["Token.Issue"]}').toString('base64') } },
    401,
    'token_missing',
  ],
]

test.each(refusals)('%s', async (_what, request, account, asked, status, code) => {
  const bearer = request ? await mint(request) : asked.bearer
  const answer = await ask(account, { ...asked, bearer })
  expect([answer.status, answer.body?.code]).toEqual([status, code])
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(answer.headers.get('www-authenticate') !== null).toBe(status === 401)
  expect(Object.keys(answer.body)).toEqual(['type', 'title', 'status', 'code', 'detail', 'traceId'])
})

test('a caller of one account cannot tell which others exist, and nothing is asked upstream', async () => {
  const bearer = await mint(app('app-speech'))
  await ask('speech-west', { bearer })
  const before = stack.azure.journal.since(0).next
  const given = await Promise.all(
    ['multi-east', 'nowhere', 'speech-held', 'a_b'].map((account) => ask(account, { bearer })),
  )
  expect(
    new Set(given.map(({ status, body: { traceId: _trace, ...body } }) => JSON.stringify([status, body]))).size,
  ).toBe(1)
  // The rotator goes on with its rounds meanwhile.
  const asked = stack.azure.journal.since(before).entries.filter(({ principal }) => principal !== 'rotator')
  expect(asked).toEqual([])
})

test.each([
  [
    'the vault does not answer',
    { route: 'keyVault.getSecret', kind: 'status', status: 503, count: 2 },
    'upstream_unavailable',
  ],
  [
    'the vendor has lost its right to read, which is no emergency stop',
    { route: 'keyVault.getSecret', kind: 'status', status: 403, code: 'Forbidden', innerCode: 'ForbiddenByRbac' },
    'upstream_unavailable',
  ],
  ['the token service does not answer', { route: 'sts.issueToken', kind: 'reset-before' }, 'token_service_unavailable'],
  [
    'the token service is throttled',
    { route: 'sts.issueToken', kind: 'status', status: 429 },
    'token_service_unavailable',
  ],
] as const)('%s: 503 with a word of when to try again, and none of theirs', async (_what, fault, code) => {
  // A process of its own, because the vendor of this file has a token in its cache.
  const fresh = await startApp({ name: 'fresh', port: 0, env: stack.env('vendor') })
  try {
    stack.azure.faults.add(fault)
    const answer = await fetch(`${fresh.url}/api/accounts/speech-west/token`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await mint(app())}` },
    })
    const body: unknown = await answer.json()
    expect([answer.status, body]).toEqual([503, expect.objectContaining({ code })])
    expect(answer.headers.get('retry-after')).toBe('5')
  } finally {
    stack.azure.faults.clear()
    await fresh.close()
  }
})

test('a held account is not vended', async () => {
  const bearer = await mint({ kind: 'identity', identity: 'human', resource: 'https://vault.azure.net' })
  await fetch('https://keystile-local.vault.azure.net/secrets/translator-north/?api-version=7.6', {
    method: 'PATCH',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    body: JSON.stringify({ attributes: { enabled: false } }),
  })
  const fresh = await startApp({ name: 'fresh', port: 0, env: stack.env('vendor') })
  try {
    const answer = await fetch(`${fresh.url}/api/accounts/translator-north/token`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await mint(app())}` },
    })
    expect([answer.status, await answer.json()]).toEqual([503, expect.objectContaining({ code: 'account_held' })])
  } finally {
    await fresh.close()
  }
})

test('no key, token or bearer is in any line that the apps wrote, nor a key in any answer', () => {
  const lines = stack.lines.join('\n')
  expect(lines).toContain('request {"what":"issueToken","caller":"ca11e40b-0000-4000-8000-000000000001"')
  expect(tokens).toHaveLength(4)
  expect([...stack.secrets(), ...tokens].filter((secret) => lines.includes(secret))).toEqual([])
  expect(lines).not.toMatch(/eyJ[\w-]+\.eyJ/)
  expect(stack.secrets().filter((secret) => answers.join('\n').includes(secret))).toEqual([])
})
