// What must hold of every deployment. Each policy names what breaks it; none knows of a compiler.

import builtIn from '../built-in-roles.json' with { type: 'json' }
import allowed from '../roles.json' with { type: 'json' }

/** A resource as it would be sent to ARM. `body` is everything but type, version and name. */
export interface Planned {
  readonly type: string
  readonly version: string
  readonly id: string
  readonly body: unknown
}

export interface Plan {
  readonly resources: readonly Planned[]
  readonly outputs: readonly string[]
}

type Policy = (plan: Plan) => string[]

/** What is found along the names, or undefined. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>(
    (here, name) =>
      typeof here === 'object' && here !== null ? (here as Record<string | number, unknown>)[name] : undefined,
    value,
  )
}
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
export const ofType = ({ resources }: Plan, type: string) =>
  resources.filter((one) => one.type.toLowerCase() === type.toLowerCase())
/** An expression of a compiled template: what it will be is not known here. */
const isExpression = (value: unknown) => typeof value === 'string' && /^\[(?!\[)/.test(value)

const must = (one: Planned, wanted: Record<string, unknown>, ...path: string[]): string[] =>
  Object.entries(wanted)
    .filter(([name, value]) => at(one.body, 'properties', ...path, name) !== value)
    .map(([name, value]) => `${one.id}: ${[...path, name].join('.')} must be ${String(value)}`)

const noSharedKeys: Policy = (plan) => [
  ...ofType(plan, 'Microsoft.Storage/storageAccounts').flatMap((one) =>
    must(one, { allowSharedKeyAccess: false, allowBlobPublicAccess: false, minimumTlsVersion: 'TLS1_2' }),
  ),
  ...ofType(plan, 'Microsoft.Insights/components').flatMap((one) => must(one, { DisableLocalAuth: true })),
  ...ofType(plan, 'Microsoft.OperationalInsights/workspaces').flatMap((one) =>
    must(one, { disableLocalAuth: true }, 'features'),
  ),
  ...ofType(plan, 'Microsoft.Web/sites/basicPublishingCredentialsPolicies').flatMap((one) =>
    must(one, { allow: false }),
  ),
]

const vaultIsSafe: Policy = (plan) =>
  ofType(plan, 'Microsoft.KeyVault/vaults').flatMap((one) => [
    ...must(one, {
      enableRbacAuthorization: true,
      enablePurgeProtection: true,
      enableSoftDelete: true,
      softDeleteRetentionInDays: 90,
    }),
    ...(at(one.body, 'properties', 'accessPolicies') === undefined ? [] : [`${one.id}: access policies`]),
    ...(one.version === '2026-02-01' ? [] : [`${one.id}: versions before 2026-02-01 are retired in February 2027`]),
  ])

/** ARM answers these with error 51021, on newer stamps only. */
const NOT_ON_FLEX = [
  'linuxFxVersion',
  'ftpsState',
  'use32BitWorkerProcess',
  'preWarmedInstanceCount',
  'netFrameworkVersion',
  'alwaysOn',
  'functionsRuntimeScaleMonitoringEnabled',
  'healthCheckPath',
  'functionAppScaleLimit',
  'minimumElasticInstanceCount',
  'appSettings',
]
const NOT_A_FLEX_SETTING =
  /^(FUNCTIONS_WORKER_RUNTIME|FUNCTIONS_EXTENSION_VERSION|WEBSITE_(RUN_FROM_PACKAGE|CONTENT.*|VNET_ROUTE_ALL|NODE_DEFAULT_VERSION|TIME_ZONE))$/i

const flexOnly: Policy = (plan) => [
  ...ofType(plan, 'Microsoft.Web/sites').flatMap((one) =>
    NOT_ON_FLEX.filter((name) => at(one.body, 'properties', 'siteConfig', name) !== undefined).map(
      (name) => `${one.id}: ${name} is not for Flex`,
    ),
  ),
  ...ofType(plan, 'Microsoft.Web/sites').flatMap((one) => must(one, { httpsOnly: true })),
  ...settings(plan)
    .filter(([, name]) => NOT_A_FLEX_SETTING.test(name))
    .map(([id, name]) => `${id}: ${name} is not for Flex`),
]

/** What makes the local run local, or would let somebody read the app's traffic; and storage reached with a key. */
const NOT_IN_AZURE =
  /^((HTTPS?|ALL|NO)_PROXY|NODE_(OPTIONS|EXTRA_CA_CERTS|USE_ENV_PROXY|TLS_REJECT_UNAUTHORIZED)|SSL_CERT_(FILE|DIR)|IDENTITY_(ENDPOINT|HEADER)|AzureWebJobsStorage|AZURE_CLIENT_SECRET)$/i

const nothingLocal: Policy = (plan) =>
  settings(plan)
    .filter(([, name]) => NOT_IN_AZURE.test(name))
    .map(([id, name]) => `${id}: ${name} is not for Azure`)

const WORKER_ARGUMENTS = 'languageWorkers__node__arguments'
const HEAP_SIZES = /^--max-(semi|old)-space-size=\d+( --max-(semi|old)-space-size=\d+)*$/

/** Arguments of the worker do all that NODE_OPTIONS does. */
const workerTakesHeapSizes: Policy = (plan) =>
  settings(plan)
    .filter(([, name]) => /^languageWorkers(__|:)/i.test(name))
    .filter(([, name, value]) => name !== WORKER_ARGUMENTS || !(isExpression(value) || HEAP_SIZES.test(String(value))))
    .map(([id, name]) => `${id}: ${name} may hold heap sizes of Node, and nothing else`)

function settings(plan: Plan): [id: string, name: string, value: unknown][] {
  return ofType(plan, 'Microsoft.Web/sites/config').flatMap(({ id, body }) =>
    Object.entries((at(body, 'properties') ?? {}) as object).map(([name, value]): [string, string, unknown] => [
      id,
      name,
      value,
    ]),
  )
}

const corsNamesOrigins: Policy = (plan) =>
  ofType(plan, 'Microsoft.Web/sites').flatMap(({ id, body }) => {
    const cors = at(body, 'properties', 'siteConfig', 'cors')
    const open = list(at(cors, 'allowedOrigins')).some((origin) => String(origin).includes('*'))
    return open || at(cors, 'supportCredentials') === true
      ? [`${id}: CORS lets every page in, or sends credentials`]
      : []
  })

const NOT_AN_OUTPUT = /connection|password|secret|token|sas\b|credential|key(?!_?vault|less)/i
const noSecretOutputs: Policy = ({ outputs }) =>
  outputs.filter((name) => NOT_AN_OUTPUT.test(name.split(' ').at(-1) ?? '')).map((name) => `output ${name}`)

const roleOf = ({ body }: Planned) =>
  String(at(body, 'properties', 'roleDefinitionId'))
    .split('/')
    .at(-1) ?? ''

/** Built-in roles by name, and those that the plan itself makes by what they are called. */
export function roleNames(plan: Plan): ReadonlyMap<string, string> {
  const own = ofType(plan, 'Microsoft.Authorization/roleDefinitions').map(({ id, body }): [string, string] => [
    id.split('/').at(-1) ?? '',
    /^Keystile ([a-z ]+) \S+ \S+$/.exec(String(at(body, 'properties', 'roleName')))?.[1] ?? '?',
  ])
  return new Map([...Object.entries(builtIn).map(([name, id]): [string, string] => [id, name]), ...own])
}

const knownRoles: Policy = (plan) => {
  const names = roleNames(plan)
  return ofType(plan, 'Microsoft.Authorization/roleAssignments').flatMap((one) => [
    ...(names.has(roleOf(one))
      ? []
      : [`${one.id}: role ${roleOf(one)} is not one of infra/roles.json or infra/built-in-roles.json`]),
    ...must(one, { principalType: 'ServicePrincipal' }),
  ])
}

const { rotator, vendor } = allowed
const wanted: Record<string, [actions: string[], dataActions: string[]]> = {
  'account finder': [rotator.subscriptions, []],
  'key rotator': [rotator.accounts, []],
  'secret publisher': [[], rotator.vault],
  'keyless caller': [[], vendor.keylessAccounts],
}

const rolesAsWritten: Policy = (plan) => {
  const names = roleNames(plan)
  return ofType(plan, 'Microsoft.Authorization/roleDefinitions').flatMap(({ id, body }) => {
    const name = names.get(id.split('/').at(-1) ?? '') ?? ''
    const [permission, ...more] = list(at(body, 'properties', 'permissions'))
    const has = [at(permission, 'actions'), at(permission, 'dataActions')]
    return more.length === 0 && JSON.stringify(has) === JSON.stringify(wanted[name])
      ? []
      : [`role ${name} is not what infra/roles.json says`]
  })
}

/** The principal of an assignment, as the end of the id of its identity, or of its topic. */
export const principalOf = ({ body }: Planned): string => {
  const path = String(at(body, 'properties', 'principalId'))
  return /(?:userAssignedIdentities|systemTopics)\/([^/.›]+)/.exec(path)?.[1] ?? path
}

export const scopeOf = ({ id }: Planned): string => id.split('/providers/Microsoft.Authorization/')[0] ?? ''

/** Two apps share nothing that one could use to become the other. */
const appsAreApart: Policy = (plan) => {
  const sites = ofType(plan, 'Microsoft.Web/sites')
  const part = (...path: string[]) => sites.map(({ body }) => String(at(body, 'properties', ...path)))
  const identities = sites.map(({ body }) =>
    Object.keys((at(body, 'identity', 'userAssignedIdentities') ?? {}) as object).join(),
  )
  const parts = {
    plan: part('serverFarmId'),
    package: part('functionAppConfig', 'deployment', 'storage', 'value'),
    identity: identities,
  }
  return Object.entries(parts)
    .filter(([, values]) => !values.some(isExpression) && new Set(values).size < values.length)
    .map(([name]) => `two apps share a ${name}`)
}

export const policies = {
  noSharedKeys,
  vaultIsSafe,
  flexOnly,
  nothingLocal,
  workerTakesHeapSizes,
  corsNamesOrigins,
  noSecretOutputs,
  knownRoles,
  rolesAsWritten,
  appsAreApart,
} as const satisfies Record<string, Policy>

/** Those that hold of literal values, and so of a compiled template, too. */
export const literalPolicies: readonly (keyof typeof policies)[] = [
  'noSharedKeys',
  'vaultIsSafe',
  'flexOnly',
  'workerTakesHeapSizes',
  'corsNamesOrigins',
  'noSecretOutputs',
]

/** Of the text of a file: keys are never asked for. */
export const listsKeys = (text: string): boolean => /\blist[A-Z]\w*\s*\(|\.list[A-Z]\w*\(/.test(text)
