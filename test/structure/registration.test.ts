// Wiring is a table: the real library, a stand-in core, no host.

import { HttpRequest, type HttpResponseInit, InvocationContext } from '@azure/functions'
import { routes } from '../../openapi/routes.ts'

jest.mock('@azure/functions-core', () => jest.requireActual('../support/fake-core.ts'), { virtual: true })

const settings = {
  KEYSTILE_VAULT_URL: 'https://contoso.vault.azure.net',
  KEYSTILE_TENANT_ID: '72f988bf-86f1-41af-91ab-2d7cd011db47',
  KEYSTILE_AUDIENCES: 'api://keystile',
  KEYSTILE_MODE: 'apply',
  KEYSTILE_DEPLOYMENT: 'prod',
  KEYSTILE_SUBSCRIPTIONS: '11111111-1111-4111-8111-111111111111',
  AzureWebJobsStorage__accountName: 'host',
}

type Core = typeof import('../support/fake-core.ts')

/** What `main` registers under these settings, as the worker would find it. */
async function registeredFor(environment: Record<string, string>): Promise<Core> {
  const before = process.env
  process.env = environment
  try {
    let core: Core | undefined
    jest.isolateModules(() => {
      core = require('@azure/functions-core')
      require('../../src/main.ts')
    })
    if (core === undefined) throw new Error('main was not loaded')
    await core.runHooks('appStart')
    return core
  } finally {
    process.env = before
  }
}

/** The same, a row per function: name, trigger, where it listens. */
const tableFor = async (environment: Record<string, string>): Promise<string[][]> =>
  (await registeredFor(environment)).registered
    .map(({ name, bindings }) => {
      const [trigger] = Object.values(bindings).filter(({ direction }) => direction === 'in')
      const { type = '', queueName, schedule, route, authLevel, connection } = trigger ?? {}
      return [name, type, queueName ?? schedule ?? route ?? '', authLevel ?? connection ?? '']
    })
    .sort()

const everywhere = [
  ['health', 'httpTrigger', 'health', 'anonymous'],
  ['openapi', 'httpTrigger', 'openapi.json', 'anonymous'],
]
const vendor = [
  ['issueToken', 'httpTrigger', 'accounts/{account}/token', 'anonymous'],
  ['warmup', 'warmupTrigger', '', ''],
]
const rotator = [
  ['carryOutRequest', 'queueTrigger', 'keystile-requests', 'AzureWebJobsStorage'],
  ['checkAccount', 'queueTrigger', 'keystile-checks', 'AzureWebJobsStorage'],
  ['getAccount', 'httpTrigger', 'accounts/{account}', 'anonymous'],
  ['listAccounts', 'httpTrigger', 'accounts', 'anonymous'],
  ['nearExpiry', 'queueTrigger', 'keystile-near-expiry', 'AzureWebJobsStorage'],
  ['revokeAccount', 'httpTrigger', 'accounts/{account}/revoke', 'anonymous'],
  ['rotateAccount', 'httpTrigger', 'accounts/{account}/rotate', 'anonymous'],
  ['rotationSchedule', 'timerTrigger', '0 7 * * * *', ''],
]

test.each([
  ['rotator', [...rotator, ...everywhere]],
  ['vendor', [...vendor, ...everywhere]],
  ['all', [...rotator, ...vendor, ...everywhere]],
])('a %s registers exactly this', async (KEYSTILE_ROLE, expected) => {
  expect(await tableFor({ ...settings, KEYSTILE_ROLE })).toEqual(expected.toSorted())
})

test('a vendor answers no route of the rotation, and a rotator vends nothing', async () => {
  const namesFor = async (KEYSTILE_ROLE: string) =>
    (await tableFor({ ...settings, KEYSTILE_ROLE })).map(([name]) => name)
  expect(await namesFor('vendor')).toEqual(['health', 'issueToken', 'openapi', 'warmup'])
  expect(await namesFor('rotator')).not.toContain('issueToken')
})

test.each(['rotator', 'vendor'])('the routes of a %s are the documented ones', async (KEYSTILE_ROLE) => {
  const served = (await tableFor({ ...settings, KEYSTILE_ROLE })).filter(([, type]) => type === 'httpTrigger')
  const documented = routes.filter(({ tag }) => tag === KEYSTILE_ROLE || tag === 'both')
  expect(served.map(([name, , route]) => `${name} /${route}`)).toEqual(
    documented.map(({ name, path }) => `${name} ${path}`).sort(),
  )
})

const rotatorRoutes = ['getAccount', 'listAccounts', 'revokeAccount', 'rotateAccount']
const everybodys = ['health', 'openapi']

/** As an SDK that refuses a setting which passed our own checks: none is known. */
const refuse = () => {
  throw new TypeError('Invalid URL: marked-value')
}
const refusedBySdk = (role: 'rotator' | 'vendor') =>
  jest.doMock(`../../src/parts/${role}.ts`, () => ({ rotatorParts: refuse, vendorParts: refuse }))
afterEach(() => {
  jest.dontMock('../../src/parts/rotator.ts')
  jest.dontMock('../../src/parts/vendor.ts')
  // One that was loaded as a mock stays one otherwise.
  jest.resetModules()
})

test.each([
  [
    'that we refuse',
    { KEYSTILE_ROLE: 'marked-value' },
    [...rotatorRoutes, 'issueToken'],
    'KEYSTILE_VAULT_URL is required',
  ],
  [
    'that only an SDK refuses',
    { ...settings, KEYSTILE_ROLE: 'rotator' },
    rotatorRoutes,
    'settings_invalid: a setting of the host or of the credential does not fit',
  ],
])(
  'with settings %s every route answers, and no queue or timer is registered that could lose a message',
  async (_which, environment, routes, reason) => {
    const said = jest.spyOn(console, 'error').mockImplementation(() => undefined)
    refusedBySdk('rotator')
    const { registered, callbacks } = await registeredFor(environment)
    const types = registered.map(({ name, bindings }) => [
      name,
      Object.values(bindings).find(({ direction }) => direction === 'in')?.type,
    ])
    expect(types.sort()).toEqual([...routes, ...everybodys].sort().map((name) => [name, 'httpTrigger']))
    expect(await callOf(callbacks, 'health')).toEqual([503, { status: 'misconfigured' }])
    expect(await callOf(callbacks, 'listAccounts')).toEqual([503, expect.objectContaining({ code: 'misconfigured' })])
    expect(said.mock.calls.join()).toContain(reason)
    expect(said.mock.calls.join()).not.toContain('marked-value')
    said.mockRestore()
  },
)

/** @returns the status and the body of the answer. */
async function callOf(callbacks: Core['callbacks'], name: string, lines: string[] = []): Promise<[unknown, unknown]> {
  const context = new InvocationContext({
    functionName: name,
    logHandler: (_level, ...args: unknown[]) => void lines.push(args.join(' ')),
  })
  const request = new HttpRequest({
    method: name === 'issueToken' ? 'POST' : 'GET',
    url: 'https://keystile.example/api/x',
    params: { account: 'speech' },
  })
  const answer = (await callbacks.get(name)?.(request, context)) as HttpResponseInit
  return [answer.status, JSON.parse(String(answer.body))]
}

test('where the parts of a rotator cannot be made, the same app vends all the same', async () => {
  const said = jest.spyOn(console, 'error').mockImplementation(() => undefined)
  refusedBySdk('rotator')
  const { registered, callbacks, runHooks } = await registeredFor({ ...settings, KEYSTILE_ROLE: 'all' })
  expect(registered.map(({ name }) => name).sort()).toEqual(
    [...rotatorRoutes, ...everybodys, 'issueToken', 'warmup'].sort(),
  )
  expect(await callOf(callbacks, 'issueToken')).toEqual([401, expect.objectContaining({ code: 'token_missing' })])
  expect(await callOf(callbacks, 'listAccounts')).toEqual([503, expect.objectContaining({ code: 'misconfigured' })])
  said.mockRestore()
  // The refusal is counted, and told when the app ends.
  const told = jest.spyOn(console, 'warn').mockImplementation(() => undefined)
  await runHooks('appTerminate')
  expect(told.mock.calls.join()).toMatch(/^caller\.refused \{"code":"token_missing","count":1,/)
  told.mockRestore()
})

test('a rotator whose parts cannot even be loaded says where that failed, and not with which words', async () => {
  const said = jest.spyOn(console, 'error').mockImplementation(() => undefined)
  jest.doMock('../../src/parts/rotator.ts', () => {
    throw new RangeError('marked-value')
  })
  const { registered } = await registeredFor({ ...settings, KEYSTILE_ROLE: 'rotator' })
  expect(registered.map(({ name }) => name).sort()).toEqual([...rotatorRoutes, ...everybodys].sort())
  expect(said.mock.calls.join()).toMatch(/the app could not be loaded: RangeError at .+:\d+:\d+/)
  expect(said.mock.calls.join()).not.toContain('marked-value')
  said.mockRestore()
})

test('a vendor with a setting that only an SDK refuses says that it is misconfigured, and why in its log alone', async () => {
  refusedBySdk('vendor')
  const { callbacks } = await registeredFor({ ...settings, KEYSTILE_ROLE: 'vendor' })
  const lines: string[] = []
  expect(await callOf(callbacks, 'issueToken', lines)).toEqual([
    503,
    expect.objectContaining({ code: 'misconfigured' }),
  ])
  expect(lines).toEqual(['settings_invalid: a setting of the host or of the credential does not fit'])
})
