// Who may do what in a deployment of infra/: exactly what its README says.

import appRoles from '../../infra/entra/app-roles.json' with { type: 'json' }
import { at, ofType, principalOf, roleNames, scopeOf } from '../../infra/tools/policies.ts'
import { planFor } from '../../infra/tools/problems.ts'
import { scenarios } from '../../infra/tools/scenarios.ts'
import { broken, root } from '../support/broken.ts'
import { codeOf, files, read } from '../support/sources.ts'

const planOf = (scenario: string) => planFor(root, scenarios[scenario] ?? {})
type Plan = ReturnType<typeof planOf>

/** Names as the table of infra/README.md has them. */
const inWords = (name: string) =>
  name
    .replace(/^id-rotator-.*/, 'rotator')
    .replace(/^id-vend-.*/, 'vendor')
    .replace(/^kvkeystile.*-events$/, 'Event Grid topic')
const scopeInWords = (scope: string) => {
  const queue = /queues\/(\S+)$/.exec(scope)?.[1]
  if (queue) return `queue \`${queue}\``
  if (scope.includes('/storageAccounts/strot')) return 'storage of the rotator'
  if (scope.includes('/storageAccounts/stvend')) return 'storage of the vendor'
  if (scope.includes('/Microsoft.KeyVault/')) return 'vault'
  if (scope.includes('/Microsoft.Insights/components/')) return 'Application Insights'
  if (scope.endsWith('/accounts/keyless')) return 'each keyless account'
  if (scope.endsWith('/accounts/speech')) return 'each granted account'
  return /^\/subscriptions\/[^/]+$/.test(scope) ? 'each searched subscription' : scope
}

/** `principal | scope | role`, as the README has it. */
function grantsOf(plan: Plan): string[] {
  const names = roleNames(plan)
  return ofType(plan, 'Microsoft.Authorization/roleAssignments').map((one) => {
    const role = names.get(
      String(at(one.body, 'properties', 'roleDefinitionId'))
        .split('/')
        .at(-1) ?? '',
    )
    return [inWords(principalOf(one)), scopeInWords(scopeOf(one)), role].join(' | ')
  })
}
/** Accounts of the example are in a subscription that is not searched: they are looked at by their ids. */
const byId = /(granted|keyless) account \| account finder/
const rows = [...read('infra/README.md').matchAll(/^\| (rotator|vendor|Event Grid topic) \| (.+?) \| (.+?) \|/gm)]
const table = rows.map(([, ...cells]) => cells.join(' | ')).sort()

test('who may do what is the table of infra/README.md, and nothing else', () => {
  const grants = grantsOf(planOf('standard'))
  expect(grants.filter((row) => !byId.test(row)).sort()).toEqual(table)
  expect(grants.filter((row) => byId.test(row))).toHaveLength(2)
})

test.each([
  ['a vendor that writes requests', 'queueName: checksQueue\n', "queueName: 'keystile-requests'\n"],
  [
    'a vendor that publishes',
    'rotatorPrincipalId: rotatorPrincipalId\n    vendorPrincipalId',
    'rotatorPrincipalId: vendorPrincipalId\n    vendorPrincipalId',
  ],
  [
    'a rotator that reads secrets',
    'vendorPrincipalId: vendorPrincipalId\n    publisherRoleId',
    'vendorPrincipalId: rotatorPrincipalId\n    publisherRoleId',
  ],
  ['a vendor with queues of its own', 'queueNames: []', 'queueNames: queues'],
])('%s is not the table', (_what, from, to) => {
  const plan = planFor(root, scenarios.standard ?? {}, broken('infra/modules/core.bicep', from, to))
  expect(
    grantsOf(plan)
      .filter((row) => !byId.test(row))
      .sort(),
  ).not.toEqual(table)
})

test('an account that is not granted gives nobody its keys', () => {
  const plan = planFor(root, { ...scenarios.standard, accountResourceIds: [] })
  expect(grantsOf(plan).filter((row) => row.endsWith('key rotator'))).toEqual([])
})

test('the vault of others is shared secret by secret', () => {
  const plan = planOf('an existing, shared vault')
  expect(ofType(plan, 'Microsoft.KeyVault/vaults')).toEqual([])
  const secrets = ofType(plan, 'Microsoft.Authorization/roleAssignments').filter(({ id }) =>
    id.includes('/vaults/shared/'),
  )
  expect(
    secrets.map((one) => [inWords(principalOf(one)), scopeOf(one).split('/Microsoft.KeyVault/vaults/')[1]]),
  ).toEqual([
    ['rotator', 'shared'],
    ['vendor', 'shared/secrets/speech'],
    ['vendor', 'shared/secrets/keyless'],
  ])
  expect(ofType(plan, 'Microsoft.EventGrid/systemTopics')).toEqual([])
  expect(ofType(plan, 'Microsoft.EventGrid/systemTopics/eventSubscriptions')[0]?.id).toContain(
    '/systemTopics/shared-events/',
  )
})

test('the roles and the scope of the API registration are those of the code', () => {
  const code = files('src/{callers,functions}/*.ts').map(codeOf).join('\n')
  const named = [...code.matchAll(/'((?:Token|Rotation)\.[A-Z]\w+)'/g)].map(([, name = '']) => name)
  expect(appRoles.appRoles.map(({ value }) => value).sort()).toEqual([...new Set(named)].sort())
  expect(code).toContain(`SCOPE = '${appRoles.scope.value}'`)
})
