// What infra/ must hold, each rule with a template that breaks it: a rule that nothing breaks says nothing.

import { problemsOfTemplates } from '../../infra/tools/problems.ts'
import { scenarios } from '../../infra/tools/scenarios.ts'
import { broken, root } from '../support/broken.ts'

test('the templates hold all of it', () => {
  expect(problemsOfTemplates(root)).toEqual([])
})

const standard = scenarios.standard ?? {}
const roles = 'infra/modules/roles.bicep'
const storage = 'infra/modules/storage.bicep'
const vault = 'infra/modules/key-vault.bicep'
const app = 'infra/modules/function-app.bicep'
const core = 'infra/modules/core.bicep'
const settings = 'infra/modules/settings.bicep'

test.each([
  [
    'a role beyond the list',
    'infra/modules/vault-access.bicep',
    "builtIn['Key Vault Secrets User']",
    "'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'",
    /knownRoles/,
  ],
  [
    'a role for whoever deploys',
    'infra/modules/account-access.bicep',
    "'ServicePrincipal'",
    "'User'",
    /knownRoles.*principalType/,
  ],
  [
    'one more action than roles.json',
    roles,
    'dataActions: allowed.rotator.vault',
    'dataActions: concat(allowed.rotator.vault, allowed.vendor.vault)',
    /rolesAsWritten: role secret publisher/,
  ],
  [
    'actions where data actions belong',
    roles,
    'actions: []\n    dataActions: allowed.vendor.keylessAccounts',
    'actions: allowed.vendor.keylessAccounts\n    dataActions: []',
    /rolesAsWritten: role keyless caller/,
  ],
  [
    'storage with shared keys',
    storage,
    'allowSharedKeyAccess: false',
    'allowSharedKeyAccess: true',
    /noSharedKeys.*allowSharedKeyAccess/,
  ],
  [
    'storage open to anonymous reads',
    storage,
    'allowBlobPublicAccess: false',
    'allowBlobPublicAccess: true',
    /noSharedKeys.*allowBlobPublicAccess/,
  ],
  [
    'telemetry with a key',
    'infra/modules/monitoring.bicep',
    'DisableLocalAuth: true',
    'DisableLocalAuth: false',
    /noSharedKeys.*DisableLocalAuth/,
  ],
  [
    'a workspace with a key',
    'infra/modules/monitoring.bicep',
    'disableLocalAuth: true',
    'disableLocalAuth: false',
    /noSharedKeys.*disableLocalAuth/,
  ],
  ['deployment with a password', app, 'allow: false', 'allow: true', /noSharedKeys.*allow/],
  [
    'listKeys in a template',
    app,
    'storage.properties.primaryEndpoints.blob\n',
    "listKeys(storage.id, '2025-06-01').keys[0].value\n",
    /asks for keys/,
  ],
  [
    'listKeys as a method',
    app,
    'storage.properties.primaryEndpoints.blob\n',
    'storage.listKeys().keys[0].value\n',
    /asks for keys/,
  ],
  [
    'an output with a secret',
    app,
    'output hostName',
    'output connectionString string = component.properties.ConnectionString\noutput hostName',
    /noSecretOutputs/,
  ],
  [
    'access policies',
    vault,
    'enableRbacAuthorization: true',
    'enableRbacAuthorization: false',
    /vaultIsSafe.*enableRbacAuthorization/,
  ],
  ['no purge protection', vault, 'enablePurgeProtection: true\n', '\n', /vaultIsSafe.*enablePurgeProtection/],
  [
    'a short retention',
    vault,
    'softDeleteRetentionInDays: 90',
    'softDeleteRetentionInDays: 7',
    /vaultIsSafe.*softDelete/,
  ],
  ['a version of the vault that is retired', vault, '@2026-02-01', '@2024-11-01', /vaultIsSafe.*retired/],
  [
    'what Flex refuses',
    app,
    "minTlsVersion: '1.2'",
    "minTlsVersion: '1.2'\n      linuxFxVersion: 'NODE|24'",
    /flexOnly.*linuxFxVersion/,
  ],
  [
    'a setting that Flex refuses',
    app,
    'AZURE_CLIENT_ID: identityClientId',
    "AZURE_CLIENT_ID: identityClientId\n  FUNCTIONS_WORKER_RUNTIME: 'node'",
    /flexOnly.*FUNCTIONS_WORKER_RUNTIME/,
  ],
  ['plain http', app, 'httpsOnly: true', 'httpsOnly: false', /flexOnly.*httpsOnly/],
  [
    'a proxy',
    app,
    'AZURE_CLIENT_ID: identityClientId',
    "AZURE_CLIENT_ID: identityClientId\n  https_proxy: 'http://10.0.0.1:3128'",
    /nothingLocal.*https_proxy/,
  ],
  [
    'a CA',
    app,
    'AZURE_CLIENT_ID: identityClientId',
    "AZURE_CLIENT_ID: identityClientId\n  NODE_EXTRA_CA_CERTS: '/home/ca.pem'",
    /nothingLocal.*NODE_EXTRA_CA_CERTS/,
  ],
  [
    'NODE_OPTIONS',
    settings,
    'KEYSTILE_MODE: mode',
    "KEYSTILE_MODE: mode\n  NODE_OPTIONS: '--inspect'",
    /nothingLocal.*NODE_OPTIONS/,
  ],
  [
    'a connection string',
    settings,
    'KEYSTILE_MODE: mode',
    "KEYSTILE_MODE: mode\n  AzureWebJobsStorage: 'x'",
    /nothingLocal.*AzureWebJobsStorage/,
  ],
  [
    'an argument of the worker that loads code',
    app,
    'AZURE_CLIENT_ID: identityClientId',
    "AZURE_CLIENT_ID: identityClientId\n  languageWorkers__node__arguments: '--max-old-space-size=384 --require=/home/a.cjs'",
    /workerTakesHeapSizes.*languageWorkers__node__arguments/,
  ],
  [
    'an argument of the worker without a size',
    app,
    'AZURE_CLIENT_ID: identityClientId',
    "AZURE_CLIENT_ID: identityClientId\n  languageWorkers__node__arguments: '--max-old-space-size='",
    /workerTakesHeapSizes.*languageWorkers__node__arguments/,
  ],
  [
    'another worker',
    app,
    'AZURE_CLIENT_ID: identityClientId',
    "AZURE_CLIENT_ID: identityClientId\n  languageWorkers__node__defaultExecutablePath: '/home/node'",
    /workerTakesHeapSizes.*defaultExecutablePath/,
  ],
  ['CORS for everybody', app, 'allowedOrigins: checkedOrigins', "allowedOrigins: ['*']", /corsNamesOrigins/],
  ['CORS with cookies', app, 'supportCredentials: false', 'supportCredentials: true', /corsNamesOrigins/],
  [
    'one package for two apps',
    core,
    'storageName: vendorStorageName\n    containerName: containerName\n    componentName',
    'storageName: rotatorStorageName\n    containerName: containerName\n    componentName',
    /appsAreApart: two apps share a package/,
  ],
  [
    'one identity for two apps',
    core,
    'identityId: vendorIdentity.id',
    'identityId: rotatorIdentity.id',
    /appsAreApart: two apps share a identity/,
  ],
  ['one plan for two apps', core, "'plan-vend-", "'plan-rotator-", /appsAreApart: two apps share a plan/],
  [
    'a parameter that nobody reads',
    vault,
    'param tags object',
    "param tags object\nparam spare string = ''",
    /param spare is not used/,
  ],
  [
    'a parameter that is not there',
    core,
    'isPrivate: privateNetworking\n  }\n}\n\nmodule vaultAccess',
    'isPrivat: privateNetworking\n  }\n}\n\nmodule vaultAccess',
    /no parameter isPrivat/,
  ],
  [
    'a value of another type',
    core,
    'alwaysReadyHttp: splitApps ? 0 : alwaysReadyHttp',
    "alwaysReadyHttp: 'none'",
    /"none" is no int/,
  ],
  ['what does not parse', storage, "kind: 'StorageV2'", "kind: 'StorageV2", /a string does not end/],
])('%s is refused', (_what, path, from, to, problem) => {
  expect(problemsOfTemplates(root, broken(path, from, to), { standard }).join('\n')).toMatch(problem)
})

test('worker arguments that the template no longer checks are refused by the policy', () => {
  const unchecked = broken(app, 'empty(otherArguments)\n', 'true\n')
  const inspect = { ...standard, workerArguments: '--inspect=0.0.0.0' }
  expect(problemsOfTemplates(root, unchecked, { inspect }).join('\n')).toMatch(/workerTakesHeapSizes/)
})
