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

/** What `main` registers under these settings. */
function registeredFor(environment: Record<string, string>): Core {
  const before = process.env
  process.env = environment
  let core: Core | undefined
  jest.isolateModules(() => {
    core = require('@azure/functions-core')
    require('../../src/main.ts')
  })
  process.env = before
  if (core === undefined) throw new Error('main was not loaded')
  return core
}

/** The same, a row per function: name, trigger, where it listens. */
const tableFor = (environment: Record<string, string>): string[][] =>
  registeredFor(environment)
    .registered.map(({ name, bindings }) => {
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
])('a %s registers exactly this', (KEYSTILE_ROLE, expected) => {
  expect(tableFor({ ...settings, KEYSTILE_ROLE })).toEqual(expected.toSorted())
})

test('a vendor answers no route of the rotation, and a rotator vends nothing', () => {
  const namesFor = (KEYSTILE_ROLE: string) => tableFor({ ...settings, KEYSTILE_ROLE }).map(([name]) => name)
  expect(namesFor('vendor')).toEqual(['health', 'issueToken', 'openapi', 'warmup'])
  expect(namesFor('rotator')).not.toContain('issueToken')
})

test.each(['rotator', 'vendor'])('the routes of a %s are the documented ones', (KEYSTILE_ROLE) => {
  const served = tableFor({ ...settings, KEYSTILE_ROLE }).filter(([, type]) => type === 'httpTrigger')
  const documented = routes.filter(({ tag }) => tag === KEYSTILE_ROLE || tag === 'both')
  expect(served.map(([name, , route]) => `${name} /${route}`)).toEqual(
    documented.map(({ name, path }) => `${name} ${path}`).sort(),
  )
})

test('with bad settings every route answers, and no queue or timer is registered that could lose a message', () => {
  const said = jest.spyOn(console, 'error').mockImplementation(() => undefined)
  const table = tableFor({ KEYSTILE_ROLE: 'marked-value' })
  expect(table.map(([name, type]) => [name, type])).toEqual([
    ['getAccount', 'httpTrigger'],
    ['health', 'httpTrigger'],
    ['issueToken', 'httpTrigger'],
    ['listAccounts', 'httpTrigger'],
    ['openapi', 'httpTrigger'],
    ['revokeAccount', 'httpTrigger'],
    ['rotateAccount', 'httpTrigger'],
  ])
  expect(said.mock.calls.join()).toContain('KEYSTILE_VAULT_URL is required')
  expect(said.mock.calls.join()).not.toContain('marked-value')
  said.mockRestore()
})

const { AzureWebJobsStorage__accountName: _, ...others } = settings
/** The key decodes to nothing. */
const refusedBySdk = {
  ...others,
  KEYSTILE_ROLE: 'rotator',
  AzureWebJobsStorage:
    'DefaultEndpointsProtocol=https;AccountName=marked;AccountKey=%%%;EndpointSuffix=core.windows.net',
}

test('a setting that only an SDK refuses fails what needs it, and its value is not told', async () => {
  const { callbacks } = registeredFor(refusedBySdk)
  const run = async () => callbacks.get('rotationSchedule')?.({}, {})
  await expect(run()).rejects.toThrow(/^a setting of the host or of the credential does not fit$/)
})

test('HTTP then answers that the app is misconfigured, and says why in its log alone', async () => {
  const { callbacks } = registeredFor(refusedBySdk)
  const lines: string[] = []
  const context = new InvocationContext({
    functionName: 'listAccounts',
    logHandler: (_level, ...args: unknown[]) => void lines.push(args.join(' ')),
  })
  const request = new HttpRequest({ method: 'GET', url: 'https://keystile.example/api/accounts' })
  const answer = (await callbacks.get('listAccounts')?.(request, context)) as HttpResponseInit
  expect([answer.status, JSON.parse(String(answer.body)).code]).toEqual([503, 'misconfigured'])
  expect(lines).toEqual(['settings_invalid: a setting of the host or of the credential does not fit'])
})
