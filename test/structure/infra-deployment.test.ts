// What a deployment of infra/ asks for: which settings, which queues, which doors.

import { TemplateRefused } from '../../infra/tools/bicep-functions.ts'
import { at, ofType } from '../../infra/tools/policies.ts'
import { planFor } from '../../infra/tools/problems.ts'
import { scenarios } from '../../infra/tools/scenarios.ts'
import * as config from '../../src/config.ts'
import { settingNames } from '../../src/settings.ts'
import { broken, root } from '../support/broken.ts'
import { read } from '../support/sources.ts'

const planOf = (scenario: string) => planFor(root, scenarios[scenario] ?? {})
const withParameters = (parameters: object) => planFor(root, { ...scenarios.standard, ...parameters })
type Plan = ReturnType<typeof planOf>
const planBroken = (...change: Parameters<typeof broken>) => planFor(root, scenarios.standard ?? {}, broken(...change))

const settingsOf = (plan: Plan, app: string) => {
  const found = ofType(plan, 'Microsoft.Web/sites/config').find(({ id }) => id.includes(`func-${app}-`))
  return at(found?.body, 'properties') as Record<string, string>
}
const siteOf = (plan: Plan, app: string) =>
  ofType(plan, 'Microsoft.Web/sites').find(({ id }) => id.includes(`func-${app}-`))

const namesOf = (plan: Plan) =>
  ['rotator', 'vend']
    .flatMap((app) => Object.keys(settingsOf(plan, app) ?? {}))
    .filter((name) => name.startsWith('KEYSTILE_') || name === 'AZURE_CLOUD')
const once = (names: string[]) => [...new Set(names)].sort()

test('every setting of src/settings.ts is set, and no other', () => {
  expect(once(namesOf(planOf('standard')))).toEqual(settingNames.toSorted())
  expect(namesOf(planOf('one app')).sort()).toEqual(settingNames.toSorted())
})

test.each([
  ['is missing', "  KEYSTILE_SETTLE: tuned.?settle ?? ''\n", ''],
  ['is nobody’s', 'KEYSTILE_SETTLE:', 'KEYSTILE_SETTLED:'],
])('a setting that %s shows', (_what, from, to) => {
  const plan = planBroken('infra/modules/settings.bicep', from, to)
  expect(once(namesOf(plan))).not.toEqual(settingNames.toSorted())
})

/** References stand for what only Azure knows: addresses of storage, here. */
const known = (settings: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(settings).map(([name, value]) => {
      const service = /primaryEndpoints\.(blob|queue|table)›/.exec(String(value))?.[1]
      return [
        name,
        service ? String(value).replace(/‹.*›/, `https://strot.${service}.core.windows.net/`) : String(value),
      ]
    }),
  )

test.each(Object.keys(scenarios))('the apps take their settings: %s', (scenario) => {
  const plan = planOf(scenario)
  const [rotator, vendor] = [settingsOf(plan, 'rotator'), settingsOf(plan, 'vend')]
  const parsed = config.parseConfig(known(rotator))
  expect(parsed.rotator?.mode).toBe('plan')
  expect(parsed.role).toBe(vendor ? 'rotator' : 'all')
  expect(parsed.common.storage.kind).toBe('identity')
  if (!vendor) return
  expect(config.parseConfig(known(vendor)).vendor?.checksQueueUrl).toBe(
    'https://strot.queue.core.windows.net/keystile-checks',
  )
  expect(rotator.AZURE_CLIENT_ID).not.toBe(vendor.AZURE_CLIENT_ID)
})

test('tuning reaches the settings, and what it does not know is refused', () => {
  expect(settingsOf(withParameters({ tuning: { rotateEvery: 'P14D' } }), 'rotator').KEYSTILE_ROTATE_EVERY).toBe('P14D')
  expect(() => withParameters({ tuning: { NODE_OPTIONS: '--inspect' } })).toThrow('tuning has no NODE_OPTIONS')
})

const codeQueues = Object.entries(config).flatMap(([name, value]) => (name.endsWith('_QUEUE') ? [String(value)] : []))
const wantedQueues = codeQueues.flatMap((name) => [name, `${name}-poison`]).sort()
const queuesOf = (plan: Plan) =>
  ofType(plan, 'Microsoft.Storage/storageAccounts/queueServices/queues')
    .map(({ id }) => id.split('/').at(-1))
    .sort()

test('a queue that is called otherwise, or is not made, shows', () => {
  const core = 'infra/modules/core.bicep'
  expect(queuesOf(planBroken(core, "'keystile-requests'", "'keystile-request'"))).not.toEqual(wantedQueues)
  expect(queuesOf(planBroken(core, "  'keystile-requests'\n", ''))).not.toEqual(wantedQueues)
})

test('the queues are those of the code, each with its poison', () => {
  expect(queuesOf(planOf('standard'))).toEqual(wantedQueues)
  const [event] = ofType(planOf('standard'), 'Microsoft.EventGrid/systemTopics/eventSubscriptions')
  expect(at(event?.body, 'properties', 'deliveryWithResourceIdentity', 'destination', 'properties', 'queueName')).toBe(
    config.NEAR_EXPIRY_QUEUE,
  )
  expect(at(event?.body, 'properties', 'filter', 'includedEventTypes')).toEqual(['Microsoft.KeyVault.SecretNearExpiry'])
})

test('the rotation routes are open to the named ranges alone', () => {
  const config = at(siteOf(planOf('standard'), 'rotator')?.body, 'properties', 'siteConfig')
  expect(at(config, 'ipSecurityRestrictionsDefaultAction')).toBe('Deny')
  expect(at(config, 'ipSecurityRestrictions')).toEqual([
    { name: 'allowed-0', action: 'Allow', ipAddress: '203.0.113.0/28', priority: 100 },
  ])
  for (const scenario of ['no rotation routes', 'private networking']) {
    const closed = at(siteOf(planOf(scenario), 'rotator')?.body, 'properties', 'siteConfig')
    expect([at(closed, 'ipSecurityRestrictionsDefaultAction'), at(closed, 'ipSecurityRestrictions')]).toEqual([
      'Deny',
      [],
    ])
  }
  expect(
    at(siteOf(planOf('standard'), 'vend')?.body, 'properties', 'siteConfig', 'ipSecurityRestrictionsDefaultAction'),
  ).toBe('Allow')
})

test.each([
  ['no range', { operatorIpRanges: [] }, 'needs operatorIpRanges'],
  ['a star', { operatorIpRanges: ['*'] }, 'neither *'],
  ['everybody', { operatorIpRanges: ['203.0.113.0/28', '0.0.0.0/0'] }, 'neither *'],
  ['everybody of IPv6', { operatorIpRanges: ['::/0'] }, 'neither *'],
  ['a word', { operatorIpRanges: ['Any'] }, 'neither *'],
  ['private without a network', { operatorApi: 'private' }, 'needs privateNetworking'],
  ['one app that nobody may call', { splitApps: false, operatorApi: 'off' }, 'close the one app'],
  ['another word', { operatorApi: 'open' }, 'allowed'],
  ['CORS for everybody', { corsOrigins: ['*'] }, 'corsOrigins'],
  ['CORS for every subdomain', { corsOrigins: ['https://*.example.com'] }, 'corsOrigins'],
  ['a debugger in the worker', { workerArguments: '--inspect=9229' }, 'workerArguments takes'],
  ['code for the worker', { workerArguments: '--max-old-space-size=384 --require=/a.cjs' }, 'workerArguments takes'],
  ['a CA for the worker', { workerArguments: '--use-openssl-ca' }, 'workerArguments takes'],
  ['a heap without a size', { workerArguments: '--max-old-space-size=' }, 'workerArguments takes'],
  ['a heap of words', { workerArguments: '--max-old-space-size=much' }, 'workerArguments takes'],
  ['a size that is none', { workerArguments: '--max-1old-space-size=384' }, 'workerArguments takes'],
  [
    'two spaces between heap sizes',
    { workerArguments: '--max-old-space-size=9  --max-semi-space-size=1' },
    'one space',
  ],
])('a deployment with %s is refused', (_what, parameters, why) => {
  expect(() => withParameters(parameters)).toThrow(why)
  expect(() => withParameters(parameters)).toThrow(TemplateRefused)
})

const concurrencyOf = (plan: Plan) =>
  at(siteOf(plan, 'vend')?.body, 'properties', 'functionAppConfig', 'scaleAndConcurrency', 'triggers', 'http')

test('the vendor’s site gets the requests at once and the heap sizes that are given', () => {
  const plan = planOf('tuned workers')
  expect(concurrencyOf(plan)).toEqual({ perInstanceConcurrency: 20 })
  expect(settingsOf(plan, 'vend').languageWorkers__node__arguments).toBe(
    '--max-semi-space-size=16 --max-old-space-size=384',
  )
})

test('by default an instance gets 100 requests at once, and its worker no arguments', () => {
  const plan = planOf('standard')
  expect(concurrencyOf(plan)).toEqual({ perInstanceConcurrency: 100 })
  for (const app of ['rotator', 'vend'])
    expect(Object.keys(settingsOf(plan, app)).filter((name) => /^languageWorkers/i.test(name))).toEqual([])
})

const originsOf = (plan: Plan, app: string) =>
  at(siteOf(plan, app)?.body, 'properties', 'siteConfig', 'cors', 'allowedOrigins')
const page = 'https://app.example.com'

test.each(Object.keys(scenarios))('pages may call the app that vends, and no other: %s', (scenario) => {
  const plan = planOf(scenario)
  const given = ['one app', 'from a release'].includes(scenario) ? [page] : []
  const split = siteOf(plan, 'vend') !== undefined
  expect(split).toBe(!scenario.startsWith('one app'))
  expect(originsOf(plan, split ? 'vend' : 'rotator')).toEqual(given)
  if (split) expect(originsOf(plan, 'rotator')).toEqual([])
})

test.each([
  [
    'a vendor that no page may call',
    "corsOrigins: corsOrigins\n    openTo: 'everybody'",
    "corsOrigins: []\n    openTo: 'everybody'",
  ],
  ['a rotator that pages may call', 'corsOrigins: splitApps ? [] : corsOrigins', 'corsOrigins: corsOrigins'],
])('%s shows', (_what, from, to) => {
  const change = broken('infra/modules/core.bicep', from, to)
  const plan = planFor(root, scenarios['from a release'] ?? {}, change)
  expect([originsOf(plan, 'vend'), originsOf(plan, 'rotator')]).not.toEqual([[page], []])
})

test('private networking closes storage and vault, and gives each an endpoint', () => {
  const plan = planOf('private networking')
  const actions = [...ofType(plan, 'Microsoft.Storage/storageAccounts'), ...ofType(plan, 'Microsoft.KeyVault/vaults')]
  expect(actions.map(({ body }) => at(body, 'properties', 'networkAcls', 'defaultAction'))).toEqual([
    'Deny',
    'Deny',
    'Deny',
  ])
  expect(ofType(plan, 'Microsoft.Network/privateEndpoints')).toHaveLength(8)
  expect(
    ofType(plan, 'Microsoft.Network/privateDnsZones')
      .map(({ id }) => id.split('/').at(-1))
      .sort(),
  ).toEqual([
    'privatelink.azurewebsites.net',
    'privatelink.blob.core.windows.net',
    'privatelink.queue.core.windows.net',
    'privatelink.table.core.windows.net',
    'privatelink.vaultcore.azure.net',
  ])
  expect(ofType(planOf('standard'), 'Microsoft.Network/virtualNetworks')).toEqual([])
})

test.each([
  ['AzureUSGovernment', 'privatelink.azurewebsites.us'],
  ['AzureChinaCloud', 'privatelink.chinacloudsites.cn'],
])('in %s the private zone of the app is %s', (cloud, zone) => {
  const elsewhere = broken('infra/modules/core.bicep', '[environment().name]', `['${cloud}']`)
  const plan = planFor(root, scenarios['private networking'] ?? {}, elsewhere)
  const zones = ofType(plan, 'Microsoft.Network/privateDnsZones').map(({ id }) => id.split('/').at(-1))
  expect(zones.filter((name) => /sites/.test(String(name)))).toEqual([zone])
})

test('every parameter that azd fills in is one of main.bicep', () => {
  const { parameters } = JSON.parse(read('infra/main.parameters.json'))
  const declared = new Set([...read('infra/main.bicep').matchAll(/^param (\w+)/gm)].map(([, name]) => name))
  expect(Object.keys(parameters).filter((name) => !declared.has(name))).toEqual([])
  const variables = [...read('infra/main.parameters.json').matchAll(/\$\{(\w+)/g)].map(([, name]) => name)
  const passed = [...read('.github/workflows/deploy.yml').matchAll(/^ {2}(\w+): \$\{\{ vars\.\1 \}\}$/gm)].map(
    ([, name]) => name,
  )
  expect(variables.filter((name) => !passed.includes(name))).toEqual([])
})
