// The built apps, told AZURE_CLOUD=china: settings, wiring and identities all lead to that cloud, and to no other.

import { startApp } from '../../local/app-process.ts'
import { demoSeed } from '../support/azure.ts'
import { publicationsOf, startTestStack, type TestStack, until } from '../support/stack.ts'

jest.setTimeout(60_000)

const NAME = 'speech-west'

let stack: TestStack
beforeAll(async () => {
  const seed = demoSeed()
  const own = seed.accounts.filter(({ name }) => name === NAME)
  const accounts = own.map((account) => ({ ...account, location: 'China North 2' }))
  stack = await startTestStack({ seed: { ...seed, cloud: 'china', accounts } })
  await until('the key is published', () => publicationsOf(stack, NAME).length > 0)
})
afterAll(() => stack?.close())

const vend = async (url: string): Promise<Response> => {
  const { token } = await stack.azure.entra.mint({ kind: 'app', caller: 'app-all' })
  const headers = { authorization: `Bearer ${token}` }
  return fetch(`${url}/api/accounts/${NAME}/token`, { method: 'POST', headers })
}
const askedHosts = () => [...new Set(stack.azure.egress.map(({ host }) => host))].sort()

test('they publish and vend in China alone', async () => {
  expect(stack.env('rotator').AZURE_CLOUD).toBe('china')
  const answer = await vend(stack.vendor.url)
  expect([answer.status, await answer.json()]).toMatchObject([
    200,
    { region: 'chinanorth2', endpoint: 'https://speech-west.cognitiveservices.azure.cn/' },
  ])
  expect(askedHosts()).toEqual([
    'keystile-local.vault.azure.cn',
    'login.partner.microsoftonline.cn',
    'management.chinacloudapi.cn',
    'speech-west.cognitiveservices.azure.cn',
  ])
})

test('an app without a managed identity gets its own tokens in China, too', async () => {
  const [{ clientId = '', name = '' } = {}] = stack.azure.world.seed.callers
  const env = {
    ...stack.env('vendor'),
    AZURE_TOKEN_CREDENTIALS: 'EnvironmentCredential',
    AZURE_TENANT_ID: stack.azure.world.seed.tenantId,
    AZURE_CLIENT_ID: clientId,
    AZURE_CLIENT_SECRET: stack.azure.clientSecret(name),
  }
  const app = await startApp({ name: 'elsewhere', port: 0, env })
  try {
    // Entra knows this application, and the vault does not.
    expect((await vend(app.url)).status).toBe(503)
    const asked = stack.azure.journal.since(0).entries.filter(({ route }) => route === 'entra.token')
    expect(asked.map(({ host, status }) => [host, status])).toContainEqual(['login.partner.microsoftonline.cn', 200])
    expect(askedHosts().filter((host) => !host.endsWith('.cn'))).toEqual([])
  } finally {
    await app.close()
  }
})
