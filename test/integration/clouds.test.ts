// One choice moves everything: in each cloud, the adapters ask the hosts of that cloud, and no other. The stand-in has a
// table of names of its own, and its proxy refuses every name that is not the started cloud's.

import type { CloudName } from '../../local/azure/clouds.ts'
import type { Seed } from '../../local/azure/seed.ts'
import { aiAccounts } from '../../src/azure/ai-accounts.ts'
import { entraVerifier } from '../../src/azure/entra.ts'
import { recordReader } from '../../src/azure/record-reader.ts'
import { recordStore } from '../../src/azure/record-store.ts'
import { keyJudge, tokenService } from '../../src/azure/sts.ts'
import { systemClock as clock } from '../../src/azure/system-clock.ts'
import { type Cloud, chinaCloud, publicCloud, usGovCloud } from '../../src/common/cloud.ts'
import { tag } from '../../src/common/record.ts'
import { demoSeed, startTestAzure, type TestAzure } from '../support/azure.ts'
import { accountId } from '../support/rotation.ts'

jest.setTimeout(60_000)

const SPEECH = accountId(
  '/subscriptions/5b0d0c53-9a1e-4c57-8f57-6f0b7a1c0001/resourceGroups/ai/providers/Microsoft.CognitiveServices/accounts/speech-west',
)
const NAME = 'speech-west'

let azure: TestAzure | undefined
afterEach(async () => {
  await azure?.close()
  azure = undefined
})

/** The stand-in as that cloud, and its account `speech-west` in that region. */
async function startCloud(cloud: CloudName, location: string): Promise<TestAzure> {
  const seed = demoSeed()
  return startTestAzure({ seed: { ...seed, cloud, accounts: regional(seed, location) }, identity: 'human' })
}

const regional = ({ accounts }: Seed, location: string) =>
  accounts.filter(({ name }) => name === NAME).map((account) => ({ ...account, location }))

/** As in main.ts; of an SDK of its own, which remembers no identity endpoint (contract fact 7). */
function credentialOf(cloud: Cloud) {
  let made: import('@azure/identity').DefaultAzureCredential | undefined
  jest.isolateModules(() => {
    const { DefaultAzureCredential } = jest.requireActual<typeof import('@azure/identity')>('@azure/identity')
    made = new DefaultAzureCredential({ authorityHost: `https://${cloud.login}` })
  })
  if (!made) throw new Error('no credential')
  return made
}

function wire({ world }: TestAzure, cloud: Cloud) {
  const credential = credentialOf(cloud)
  const vaultUrl = `https://keystile-local.${cloud.keyVault}`
  const { tenantId, api } = world.seed
  return {
    accounts: aiAccounts({ credential, cloud, clock }),
    store: recordStore({ credential, vaultUrl, cloud, clock }),
    reader: recordReader({ credential, vaultUrl }),
    judge: keyJudge({ cloud, clock }),
    tokens: tokenService({ cloud, clock, credential }),
    verifier: entraVerifier({ cloud, tenantId, audiences: [api.clientId, api.appIdUri], clock }),
  }
}

test.each<[Cloud['name'], Cloud, string, string[]]>([
  [
    'public',
    publicCloud,
    'West US 2',
    [
      'keystile-local.vault.azure.net',
      'login.microsoftonline.com',
      'management.azure.com',
      'speech-west.cognitiveservices.azure.com',
      'westus2.api.cognitive.microsoft.com',
    ],
  ],
  [
    'usgov',
    usGovCloud,
    'USGov Virginia',
    [
      'keystile-local.vault.usgovcloudapi.net',
      'login.microsoftonline.us',
      'management.usgovcloudapi.net',
      'speech-west.cognitiveservices.azure.us',
      'usgovvirginia.api.cognitive.microsoft.us',
    ],
  ],
  [
    'china',
    chinaCloud,
    'China North 2',
    [
      'chinanorth2.api.cognitive.azure.cn',
      'keystile-local.vault.azure.cn',
      'login.partner.microsoftonline.cn',
      'management.chinacloudapi.cn',
      'speech-west.cognitiveservices.azure.cn',
    ],
  ],
])('%s: keys, vault, tokens and callers are all of that cloud', async (name, cloud, location, hosts) => {
  azure = await startCloud(name, location)
  const { accounts, store, reader, judge, tokens, verifier } = wire(azure, cloud)

  const listed = []
  for await (const { name: found } of accounts.list(SPEECH.subscription)) listed.push(found)
  expect(listed).toContain(NAME)
  const got = await accounts.get(SPEECH)
  const answer = await accounts.listKeys(SPEECH)
  if (got.kind !== 'found' || answer.kind !== 'keys') throw new Error('ARM has lost the account')
  const { place, kind } = got.account
  const { key2 } = await accounts.regenerate(SPEECH, 'key2', 10_000)

  const tags = { [tag.credentialId]: 'key2', [tag.providerAddress]: SPEECH.id, [tag.region]: place.region }
  const version = { value: key2, tags: { ...tags, [tag.kind]: kind }, expiresAt: new Date('2036-01-01T00:00:00Z') }
  await store.publish(NAME, version, 10_000)
  const secret = azure.world.vaults.get('keystile-local')?.secrets.get(NAME)
  if (!secret) throw new Error('the vault has lost the secret')
  secret.deleted = { at: Date.now(), visibleFrom: 0 }
  expect((await store.read(NAME)).kind).toBe('deleted')
  await store.recover(NAME)
  expect((await store.read(NAME)).kind).toBe('versions')
  expect(await reader.newest(NAME)).toMatchObject({ kind: 'record', record: { place: { region: place.region } } })

  expect(await judge.judge({ region: place.region }, key2)).toEqual({ kind: 'accepted' })
  expect((await tokens.exchange(place, key2)).kind).toBe('token')
  expect((await tokens.exchangeIdentity(place)).kind).toBe('token')

  for (const tokenVersion of [1, 2] as const) {
    azure.world.seed.api.tokenVersion = tokenVersion
    const { token } = await azure.entra.mint({ kind: 'app', caller: 'app-all' })
    expect((await verifier.verify(token)).kind).toBe('claims')
  }

  expect([...new Set(azure.egress.map(({ host }) => host))].sort()).toEqual(hosts)
  expect(azure.egress.filter(({ allowed }) => !allowed)).toEqual([])
})
