// What exists in the contract tests of Key Vault, the STS and the data plane: one of each thing that is judged apart.

import type { SeedInput } from '../../local/azure/seed.ts'
import { accountId } from '../../local/azure/world.ts'

const subscription = '11111111-1111-4111-8111-111111111111'
const resourceGroup = 'rg-a'
const vaultId = `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.KeyVault/vaults/vault-a`

const secrets = 'Microsoft.KeyVault/vaults/secrets'
/** As Azure names its data actions: `delete` is not one like the others. */
const actions: Readonly<Record<string, string>> = {
  setSecret: `${secrets}/setSecret/action`,
  getSecret: `${secrets}/getSecret/action`,
  readMetadata: `${secrets}/readMetadata/action`,
  update: `${secrets}/update/action`,
  delete: `${secrets}/delete`,
  recover: `${secrets}/recover/action`,
  purge: `${secrets}/purge/action`,
}
const rights = Object.keys(actions)
const action = (right: string) => actions[right] ?? ''

const speechOff = accountId(subscription, resourceGroup, 'speech-off')

let identities = 0
const identity = (name: string, scope: string, actions: string[]) => {
  const number = `${++identities}`.padStart(12, '0')
  return {
    name,
    clientId: `aaaaaaaa-aaaa-4aaa-8aaa-${number}`,
    objectId: `bbbbbbbb-bbbb-4bbb-8bbb-${number}`,
    grants: [{ scope, actions }],
  }
}

const account = (
  name: string,
  kind: string,
  location: string,
  more: { sub?: string; localAuthOff?: boolean } = {},
) => ({
  subscription,
  resourceGroup,
  name,
  kind,
  location,
  ...(more.sub === undefined ? {} : { customSubDomain: more.sub }),
  ...(more.localAuthOff === undefined ? {} : { disableLocalAuth: more.localAuthOff }),
})

export const sceneSeed = {
  tenantId: '99999999-9999-4999-8999-999999999999',
  api: { clientId: '88888888-8888-4888-8888-888888888888', appIdUri: 'api://keystile', tokenVersion: 2 },
  subscriptions: [{ id: subscription, resourceGroups: [resourceGroup] }],
  vaults: [{ name: 'vault-a', subscription, resourceGroup, location: 'westus2' }],
  accounts: [
    account('speech-a', 'SpeechServices', 'West US 2'),
    account('speech-b', 'SpeechServices', 'westeurope', { sub: 'Speech-B' }),
    account('speech-off', 'SpeechServices', 'westus2', { sub: 'speech-off', localAuthOff: true }),
    account('multi', 'CognitiveServices', 'westus2', { sub: 'multi' }),
    account('foundry', 'AIServices', 'westus2', { sub: 'foundry' }),
    account('translator', 'TextTranslation', 'global'),
    account('translator-eu', 'TextTranslation', 'westeurope'),
    account('vision', 'ComputerVision', 'westus2', { sub: 'vision' }),
  ],
  identities: [
    identity('officer', vaultId, rights.map(action)),
    identity('one-secret', `${vaultId}/secrets/granted`, [action('getSecret')]),
    identity('reader', vaultId, [action('getSecret')]),
    ...rights.map((right) => {
      const others = rights.filter((other) => other !== right)
      return identity(`without-${right}`, vaultId, others.map(action))
    }),
    // What the built-in roles Cognitive Services User and Speech User hold, and a role of just the one action.
    identity('vendor', speechOff, ['Microsoft.CognitiveServices/*']),
    identity('speech-user', speechOff, ['Microsoft.CognitiveServices/accounts/SpeechServices/*']),
    identity('issuer', speechOff, ['Microsoft.CognitiveServices/accounts/SpeechServices/issuetoken/action']),
  ],
  callers: [],
} satisfies SeedInput
