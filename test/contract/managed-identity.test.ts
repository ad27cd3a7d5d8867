// The managed identity endpoint in the stand-in: contract D1, with the real credential.

import { DefaultAzureCredential, ManagedIdentityCredential } from '@azure/identity'
import { decodeJwt } from 'jose'
import { demoSeed, fieldOf, startTestAzure, type TestAzure } from '../support/azure.ts'

const seed = demoSeed()
const vault = 'https://vault.azure.net'

let azure: TestAzure

beforeAll(async () => {
  azure = await startTestAzure({ seed, identity: 'rotator' })
})
afterAll(() => azure.close())
afterEach(() => azure.faults.clear())

const identityOf = (name: string) => {
  const identity = seed.identities.find((known) => known.name === name)
  if (!identity) throw new Error(`no identity ${name}`)
  return identity
}

async function ask(query: Record<string, string> = {}, header?: string) {
  const { IDENTITY_ENDPOINT = '', IDENTITY_HEADER = '' } = azure.env('rotator')
  const search = new URLSearchParams({ 'api-version': '2019-08-01', resource: vault, ...query })
  const headers = header === '' ? {} : { 'x-identity-header': header ?? IDENTITY_HEADER }
  return fetch(`${IDENTITY_ENDPOINT}?${search}`, { headers })
}

test.each([
  ['https://management.azure.com/.default', 'https://management.azure.com'],
  ['https://vault.azure.net/.default', 'https://vault.azure.net'],
  ['https://cognitiveservices.azure.com/.default', 'https://cognitiveservices.azure.com'],
])('the real credential gets a token of its identity for %s', async (scope, audience) => {
  const { clientId, objectId } = identityOf('rotator')
  const { token } = await new ManagedIdentityCredential({ clientId }).getToken(scope)
  expect(decodeJwt(token)).toMatchObject({
    iss: `https://sts.windows.net/${seed.tenantId}/`,
    aud: audience,
    oid: objectId,
    appid: clientId,
    tid: seed.tenantId,
  })
})

test('the default credential, pinned to managed identity, needs nothing but the environment', async () => {
  const { token } = await new DefaultAzureCredential().getToken('https://vault.azure.net/.default')
  expect(decodeJwt(token).oid).toBe(identityOf('rotator').objectId)
})

test('the answer has the documented fields, and expires_on is a text of epoch seconds', async () => {
  const response = await ask()
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({
    access_token: expect.any(String),
    expires_on: expect.stringMatching(/^\d{10}$/),
    resource: vault,
    token_type: 'Bearer',
    client_id: identityOf('rotator').clientId,
  })
})

test('each identity has a header of its own, and the header decides', async () => {
  const { IDENTITY_HEADER = '' } = azure.env('vendor')
  expect(IDENTITY_HEADER).not.toBe(azure.env('rotator').IDENTITY_HEADER)
  const token = await fieldOf(await ask({}, IDENTITY_HEADER), 'access_token')
  expect(decodeJwt(String(token)).oid).toBe(identityOf('vendor').objectId)
})

test.each([
  ['client_id', identityOf('rotator').clientId],
  ['object_id', identityOf('rotator').objectId],
  [
    'mi_res_id',
    `/subscriptions/${seed.subscriptions[0]?.id}/resourceGroups/ai/providers/Microsoft.ManagedIdentity/userAssignedIdentities/rotator`,
  ],
])('an identity may be selected by %s, in any case; another value finds none', async (name, value) => {
  expect((await ask({ [name]: value.toUpperCase() })).status).toBe(200)
  const wrong = await ask({ [name]: identityOf('vendor').clientId })
  expect([wrong.status, await fieldOf(wrong, 'statusCode')]).toEqual([400, 400])
})

test.each<[what: string, status: number, query: Record<string, string>, header: string | undefined]>([
  ['no header', 401, {}, ''],
  ['a wrong header', 401, {}, 'wrong'],
  ['another api-version', 400, { 'api-version': '2017-09-01' }, undefined],
  ['no resource', 400, { resource: '' }, undefined],
  ['an unknown resource', 400, { resource: 'https://example.com' }, undefined],
])('%s is %i', async (_, status, query, header) => {
  const response = await ask(query, header)
  expect([response.status, await fieldOf(response, 'statusCode')]).toEqual([status, status])
})

test('the endpoint fails on request, and the journal says who asked', async () => {
  azure.breakNext({ route: 'identity.token', kind: 'status', status: 500 })
  expect((await ask()).status).toBe(500)
  const from = azure.journal.since(0).next
  await ask()
  expect(azure.journal.since(from).entries).toEqual([
    expect.objectContaining({ route: 'identity.token', status: 200, principal: 'rotator' }),
  ])
})

test.each([
  ['cut-body', 200],
  ['reset-after', 200],
  ['reset-before', 0],
] as const)('%s breaks an answer, and the journal knows', async (kind, status) => {
  azure.breakNext({ route: 'identity.token', kind })
  const from = azure.journal.since(0).next
  await expect(ask().then((answer) => answer.text())).rejects.toMatchObject({ name: 'TypeError' })
  expect(azure.journal.since(from).entries).toMatchObject([{ route: 'identity.token', status, fault: kind }])
  expect((await ask()).status).toBe(200)
})

test('a cut answer has its headers and the half of its body', async () => {
  azure.breakNext({ route: 'identity.token', kind: 'cut-body' })
  const answer = await ask()
  expect([answer.status, Number(answer.headers.get('content-length')) > 100]).toEqual([200, true])
  await expect(answer.text()).rejects.toThrow()
})

test('no token and no header is written down', async () => {
  const token = await fieldOf(await ask(), 'access_token')
  const written = JSON.stringify([azure.journal.since(0).entries, azure.lines])
  expect(written).not.toContain(token)
  expect(written).not.toContain(azure.env('rotator').IDENTITY_HEADER)
})
