import { ClientSecretCredential, type TokenCredential } from '@azure/identity'
import { type AzureCallersOptions, azureCallers } from '../../ops/smoke-callers.ts'
import { smokeChecks } from '../../ops/smoke-checks.ts'
import { chinaCloud, publicCloud, usGovCloud } from '../../src/common/cloud.ts'

const asked: unknown[] = []
const credential: TokenCredential = {
  getToken: async (scope) => {
    asked.push(scope)
    return { token: 'marked-token', expiresOnTimestamp: 0 }
  },
}
const callers = (change: Partial<AzureCallersOptions> = {}) =>
  azureCallers({
    cloud: publicCloud,
    credential,
    audience: 'api://keystile',
    clientWithoutRole: 'client-1',
    environment: {
      AZURE_TENANT_ID: '7e4a4700-0000-4000-8000-000000000001',
      CLIENT_WITHOUT_ROLE_SECRET: 'marked-secret',
    },
    ...change,
  })
afterEach(() => jest.restoreAllMocks())

test.each([
  ['https://cognitiveservices.azure.com/.default', publicCloud],
  ['https://cognitiveservices.azure.us/.default', usGovCloud],
  ['https://cognitiveservices.azure.cn/.default', chinaCloud],
])(
  'the token for something else is for %s, and so worth nothing in ARM, in Entra or in a vault',
  async (scope, cloud) => {
    asked.splice(0)
    await callers({ cloud }).ofAnotherAudience()
    expect(asked).toEqual([scope])
  },
)

test('an API that demands an assignment has Entra stop who has none: that is a refusal', async () => {
  const refusal = new Error('AADSTS501051: Application marked is not assigned to a role for the application.')
  jest.spyOn(ClientSecretCredential.prototype, 'getToken').mockRejectedValue(refusal)
  expect(await callers().withoutRole()).toEqual({ kind: 'stopped' })
})

test('any other failure of that client is no refusal', async () => {
  const failure = new Error('AADSTS7000215: Invalid client secret provided, marked.')
  jest.spyOn(ClientSecretCredential.prototype, 'getToken').mockRejectedValue(failure)
  await expect(callers().withoutRole()).rejects.toBe(failure)
  const found: string[] = []
  const options = { url: 'http://127.0.0.1:1', account: 'x', callers: callers(), leastSeconds: 300 }
  for await (const { name, result, says } of smokeChecks(options)) found.push(`${result} ${name} ${says}`)
  expect(found[2]).toMatch(/^not ok without a role no token could be had from Entra \(AADSTS7000215\)/)
  expect(found.join()).not.toContain('marked')
})

test.each([
  [{ clientWithoutRole: undefined }, 'no client without a role was named: --client-without-role'],
  [{ environment: { AZURE_TENANT_ID: 'x' } }, 'AZURE_TENANT_ID and CLIENT_WITHOUT_ROLE_SECRET are not set'],
])('what cannot be looked at is skipped with its reason', async (change, why) => {
  expect(await callers(change).withoutRole()).toEqual({ kind: 'skipped', why })
})
