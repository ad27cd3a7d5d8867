// Parameters to look at the templates with: each way of deploying that infra/README.md offers.

import type { Value } from './bicep-functions.ts'

const ELSEWHERE = '33333333-3333-4333-8333-333333333333'
const account = (name: string) =>
  `/subscriptions/${ELSEWHERE}/resourceGroups/ai/providers/Microsoft.CognitiveServices/accounts/${name}`

export const standard = {
  environmentName: 'prod',
  location: 'westeurope',
  vendClientId: '22222222-2222-4222-8222-222222222222',
  operatorIpRanges: ['203.0.113.0/28'],
  accountResourceIds: [account('speech')],
  keylessAccountResourceIds: [account('keyless')],
  alertEmail: 'team@example.com',
} as const satisfies { readonly [name: string]: Value | readonly Value[] }

const roleId = (last: number) => `44444444-4444-4444-8444-44444444444${last}`

const all: Record<string, Record<string, unknown>> = {
  standard,
  'one app': { ...standard, splitApps: false, corsOrigins: ['https://app.example.com'] },
  'an existing, shared vault': {
    ...standard,
    existingKeyVaultId: `/subscriptions/${ELSEWHERE}/resourceGroups/vaults/providers/Microsoft.KeyVault/vaults/shared`,
    readableSecrets: ['speech', 'keyless'],
    existingEventTopicName: 'shared-events',
  },
  'private networking': { ...standard, privateNetworking: true, operatorApi: 'private', operatorIpRanges: [] },
  'one app, private': { ...standard, splitApps: false, privateNetworking: true, operatorApi: 'private' },
  'no rotation routes': { ...standard, operatorApi: 'off', operatorIpRanges: [] },
  'from a release': {
    ...standard,
    packageUri: 'https://example.com/keystile.zip',
    alwaysReadyHttp: 1,
    corsOrigins: ['https://app.example.com'],
  },
  'tuned workers': {
    ...standard,
    httpConcurrency: 20,
    workerArguments: '--max-semi-space-size=16 --max-old-space-size=384',
  },
  'roles made by somebody else': {
    ...standard,
    createCustomRoles: false,
    accountFinderRoleId: roleId(1),
    keyRotatorRoleId: roleId(2),
    secretWriterRoleId: roleId(3),
    keylessCallerRoleId: roleId(4),
  },
}
/** By what they are called. */
export const scenarios = all as Record<string, Record<string, Value>>
