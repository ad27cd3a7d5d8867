// `npm run smoke` against the built vendor, as the command that a pipeline runs: what holds, and all that it must notice.

import { callerEnv } from '../../local/caller-env.ts'
import { localCallers } from '../../ops/smoke-callers.ts'
import { type Finding, smokeChecks } from '../../ops/smoke-checks.ts'
import { type Scripted, smoke, startVendor } from '../support/smoke.ts'
import { startTestStack, type TestStack, until } from '../support/stack.ts'

jest.setTimeout(90_000)

const NOBODY = 'ca11e400-0000-4000-8000-000000000004'
let stack: TestStack
let place: Parameters<typeof localCallers>[0]

beforeAll(async () => {
  stack = await startTestStack({
    rotator: { KEYSTILE_SCHEDULE: '* * * * * *', KEYSTILE_PROOF_SPACING: 'PT0S', KEYSTILE_SETTLE: 'PT0S' },
  })
  const { seed } = stack.azure.world
  const secretOf = (name: string) => stack.azure.clientSecret(name)
  place = {
    ...{ proxyUrl: stack.azure.proxyUrl, caFile: stack.azure.caFile, controlUrl: '', controlKey: '' },
    ...{ vendorUrl: stack.vendor.url, rotatorUrl: stack.rotator.url, queueUrl: stack.storage.queueUrl },
    ...{ tenantId: seed.tenantId, audience: seed.api.appIdUri },
    callers: Object.fromEntries(
      seed.callers.map(({ name, clientId }) => [name, { clientId, clientSecret: secretOf(name) }]),
    ),
  }
  const published = () => stack.azure.journal.since(0).entries.filter(({ event }) => event === 'published')
  await until('five accounts are published', () => published().length >= 5)
})
afterAll(() => stack?.close())

interface Asked {
  caller?: string
  account?: string
  url?: string
  more?: readonly string[]
  env?: Record<string, string>
}

async function run({
  caller = 'app-all',
  account = 'speech-west',
  url = stack.vendor.url,
  more = [],
  env,
}: Asked = {}) {
  const args = ['--url', url, '--account', account, '--audience', place.audience, ...more]
  const ended = await smoke(args, env ?? callerEnv(place, caller))
  expect(`${ended.out}${ended.err}`).not.toMatch(/eyJ/)
  expect(stack.secrets().filter((secret) => `${ended.out}${ended.err}`.includes(secret))).toEqual([])
  const lines = ended.out
    .replace(/has \d+ s left, region/, 'has N s left, region')
    .trimEnd()
    .split('\n')
  return { code: ended.code, err: ended.err, lines }
}

const REFUSALS = [
  'skipped  without a role: because no client without a role was named: --client-without-role',
  'ok       wrong audience: refused with 401 token_wrong_audience',
  'ok       no token: refused with 401 token_missing',
]

test('a vendor that is well: health, a token, and each refusal; what was not looked at is said and counted', async () => {
  expect(await run()).toEqual({
    code: 0,
    err: '',
    lines: [
      'ok       health: answered 200 ok',
      'ok       token: has N s left, region westus2',
      ...REFUSALS,
      '4 ok, 0 not ok, 1 skipped',
    ],
  })
})

test('with a client that has no role, that is looked at, too', async () => {
  const env = { ...callerEnv(place, 'app-all'), CLIENT_WITHOUT_ROLE_SECRET: stack.azure.clientSecret('nobody') }
  const { code, lines } = await run({ more: ['--client-without-role', NOBODY], env })
  expect([code, lines[2], lines.at(-1)]).toEqual([
    0,
    'ok       without a role: refused with 403 not_granted',
    '5 ok, 0 not ok, 0 skipped',
  ])
})

test('the callers of a running `npm start` are used as they are', async () => {
  const found: Finding[] = []
  const options = { url: stack.vendor.url, account: 'speech-west', callers: localCallers(place), leastSeconds: 1 }
  for await (const each of smokeChecks(options)) found.push(each)
  expect(found.map(({ name, result }) => `${result} ${name}`)).toEqual([
    'ok health',
    'ok token',
    'ok without a role',
    'ok wrong audience',
    'ok no token',
  ])
})

test.each<[string, () => Asked, string]>([
  ['an account that is not known', () => ({ account: 'nowhere' }), 'answered 404 unknown_account'],
  ['a caller of another account', () => ({ caller: 'app-speech', account: 'multi-east' }), 'answered 403 not_granted'],
  ['an account that was never published', () => ({ account: 'speech-held' }), 'answered 404 unknown_account'],
])('%s: the token is not ok, and the refusals are', async (_what, asked, says) => {
  const { code, lines } = await run(asked())
  expect([code, lines[1], lines.slice(2)]).toEqual([
    1,
    `not ok   token: ${says}`,
    [...REFUSALS, '3 ok, 1 not ok, 1 skipped'],
  ])
})

test('a vendor that is down: nothing holds', async () => {
  const { url, close } = await startVendor(() => ({ status: 200 }))
  await close()
  const { code, lines } = await run({ url })
  expect([code, lines]).toEqual([
    1,
    [
      'not ok   health: no answer (ECONNREFUSED)',
      'not ok   token: no answer (ECONNREFUSED)',
      REFUSALS[0],
      'not ok   wrong audience: no answer (ECONNREFUSED)',
      'not ok   no token: no answer (ECONNREFUSED)',
      '0 ok, 4 not ok, 1 skipped',
    ],
  ])
})

test('where nobody is signed in, that is what it says, and what needs nobody is looked at', async () => {
  const { HTTPS_PROXY, NO_PROXY, NODE_USE_ENV_PROXY, NODE_EXTRA_CA_CERTS } = callerEnv(place, 'app-all')
  const env = { HTTPS_PROXY, NO_PROXY, NODE_USE_ENV_PROXY, NODE_EXTRA_CA_CERTS } as Record<string, string>
  const { code, lines } = await run({ env: { ...env, AZURE_TOKEN_CREDENTIALS: 'EnvironmentCredential' } })
  expect(code).toBe(1)
  expect(lines[1]).toMatch(/^not ok {3}token: no token could be had from Entra \(\w+\): `az login`/)
  expect(lines[4]).toBe('ok       no token: refused with 401 token_missing')
})

test('a wrong secret is told by Entra’s number alone', async () => {
  const { lines } = await run({ env: { ...callerEnv(place, 'app-all'), AZURE_CLIENT_SECRET: 'marked' } })
  expect(lines[1]).toContain('no token could be had from Entra (AADSTS7000215)')
})

const vended = { access_token: 'x', expires_in: 540, account: 'speech-west', region: 'westus2' }
const noStore = { 'cache-control': 'no-store' }
test.each<[string, Scripted, readonly string[]]>([
  [
    'lets everybody in',
    { status: 200, headers: noStore, body: { ...vended, status: 'ok' } },
    [
      'wrong audience: answered 200 ok, not 401 token_wrong_audience',
      'no token: answered 200 ok, not 401 token_missing',
    ],
  ],
  [
    'is misconfigured',
    { status: 503, body: { status: 'misconfigured' } },
    ['health: answered 503 misconfigured', 'token: answered 503 misconfigured'],
  ],
  [
    'vends what is about to end',
    { status: 200, headers: noStore, body: { ...vended, expires_in: 299 } },
    ['299 s left'],
  ],
  ['vends another account', { status: 200, headers: noStore, body: { ...vended, account: 'x' } }, ['something else']],
  ['vends no token', { status: 200, headers: noStore, body: { ...vended, access_token: '' } }, ['something else']],
  ['lets a token be cached', { status: 200, body: vended }, ['token: the answer may be cached']],
  ['answers with no JSON', { status: 401, body: '\u001b[2J' }, ['answered 401 (no code), not 401 token_missing']],
  ['refuses for another reason', { status: 401, body: { code: 'token_expired' } }, ['not 401 token_missing']],
])('a vendor that %s is noticed', async (_what, answer, said) => {
  const vendor = await startVendor(() => answer)
  try {
    const { code, lines } = await run({ url: vendor.url })
    expect(code).toBe(1)
    for (const each of said) expect(lines.filter((line) => line.startsWith('not ok')).join('\n')).toContain(each)
    expect(lines.join()).not.toContain('\u001b')
  } finally {
    await vendor.close()
  }
})

test('a bearer goes to the address that somebody typed, wherever that one points', async () => {
  const seen: unknown[] = []
  const elsewhere = await startVendor(({ url }) => {
    seen.push(url)
    return { status: 200, headers: noStore, body: vended }
  })
  const vendor = await startVendor(() => ({ status: 307, headers: { location: elsewhere.url } }))
  try {
    const { lines } = await run({ url: vendor.url })
    expect([lines[1]?.startsWith('not ok   token: no answer'), seen]).toEqual([true, []])
  } finally {
    await vendor.close()
    await elsewhere.close()
  }
})

test.each<[string, readonly string[], string]>([
  ['no account', ['--url', 'https://keystile.example', '--audience', 'api://x'], '--account is required'],
  ['an account that is none', ['--account', 'a/b'], '--account is no name of an account'],
  ['no audience', ['--url', 'https://keystile.example', '--account', 'x'], '--audience is required'],
  ['plain http', ['--url', 'http://keystile.example', '--account', 'x'], '--url is not an https address'],
  ['a path', ['--url', 'https://keystile.example/api', '--account', 'x'], '--url is more than the address of an app'],
  ['a word', ['x'], 'Unexpected argument'],
])('%s is a usage that is not understood', async (_what, args, says) => {
  const { code, out, err } = await smoke(args, {})
  expect([code, out]).toEqual([2, ''])
  expect(err).toContain(says)
  expect(err).toContain('usage: npm run smoke -- --url')
})
