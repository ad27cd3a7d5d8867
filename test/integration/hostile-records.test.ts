// Records and answers that want a key to go elsewhere: it goes to the account's own kind of host in Azure, or nowhere.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Call } from '../../local/azure/wire.ts'
import { tag } from '../../src/common/record.ts'
import { Secret } from '../../src/common/secret.ts'
import { startTestAzure, type TestAzure } from '../support/azure.ts'
import { human } from '../support/drift-human.ts'
import { hostileTags, NO_LABELS, SPEECH } from '../support/hostile.ts'
import { accountId, fp } from '../support/rotation.ts'
import { leaksIn } from '../support/tripwire.ts'
import { wired } from '../support/wired.ts'

const VAULT = 'keystile-local.vault.azure.net'
const REGION = 'westus2.api.cognitive.microsoft.com'
const OTHER = SPEECH.replace('speech-west', 'multi-east')
const KEYLESS = SPEECH.replace('speech-west', 'speech-keyless')

let azure: TestAzure
let key = ''
const calls: Call[] = []
beforeAll(async () => {
  azure = await startTestAzure({ onCall: (call) => void calls.push(call) })
  key = azure.world.accounts.get(SPEECH.toLowerCase())?.keys.key1.value ?? ''
})
afterAll(() => azure?.close())

let written = 0
/** Writes such a record by hand, vends, and tells what the caller got and every host that was spoken to about it. */
async function vendOf(change: Readonly<Record<string, string>>, value = key) {
  written += 1
  const name = `hostile-${written}`
  await human(azure).setSecret(name, value, hostileTags(key, change))
  const { vend } = wired(azure, { keyless: [KEYLESS] })
  const [from, since] = [azure.egress.length, calls.length]
  const result = await vend(name)
  const spoken = [...azure.egress.slice(from).map(({ host }) => host), ...calls.slice(since).map(({ host }) => host)]
  const hosts = [...new Set(spoken)].filter((host) => host !== VAULT).sort()
  return { got: result.kind === 'issued' ? 'a token' : result.code, hosts }
}

describe('a region', () => {
  test.each(NO_LABELS)('that is %s is no host: the key stays here', async (_what, text) => {
    expect(await vendOf({ [tag.region]: text })).toEqual({ got: 'token_service_unavailable', hosts: [] })
  })

  test.each([
    ['punycode', 'xn--westus2-c1a', 'key_refused', ['xn--westus2-c1a.api.cognitive.microsoft.com']],
    ['of no account', 'nowhere', 'key_refused', ['nowhere.api.cognitive.microsoft.com']],
    ['in capitals and words', 'West US 2', 'a token', [REGION]],
  ])('that is %s is a label: the key goes to Azure’s zone only', async (_what, text, got, hosts) => {
    expect(await vendOf({ [tag.region]: text })).toEqual({ got, hosts })
  })

  test('that is empty makes no record', async () => {
    expect(await vendOf({ [tag.region]: '' })).toEqual({ got: 'unknown_account', hosts: [] })
  })
})

describe('a subdomain', () => {
  test.each(NO_LABELS)('that is %s is no host: the key stays here', async (_what, text) => {
    expect(await vendOf({ [tag.subDomain]: text })).toEqual({ got: 'token_service_unavailable', hosts: [] })
  })

  test.each([
    ['punycode', 'xn--a-ecp', 'token_service_unavailable', 'xn--a-ecp.cognitiveservices.azure.com'],
    ['somebody else’s', 'multi-east', 'token_service_unavailable', 'multi-east.cognitiveservices.azure.com'],
    ['in capitals', 'SPEECH-WEST', 'a token', 'speech-west.cognitiveservices.azure.com'],
  ])('that is %s is a label: the key goes to Azure’s zone only', async (_what, text, got, host) => {
    expect(await vendOf({ [tag.subDomain]: text })).toEqual({ got, hosts: [host] })
  })

  test.each(NO_LABELS)('that is %s does not get our own identity either', async (_what, text) => {
    const record = { [tag.credentialId]: 'none', [tag.fingerprint]: '', [tag.providerAddress]: KEYLESS }
    const told = await vendOf({ ...record, [tag.subDomain]: text }, 'keyless')
    expect(told).toEqual({ got: 'token_service_unavailable', hosts: [] })
  })
})

test.each<[string, Record<string, string>]>([
  ['names an account of another provider', { [tag.providerAddress]: SPEECH.replace('CognitiveServices', 'Compute') }],
  ['names no account', { [tag.providerAddress]: '' }],
  ['names an account with a path behind it', { [tag.providerAddress]: `${SPEECH}/listKeys` }],
  ['names another key', { [tag.fingerprint]: '0'.repeat(64) }],
  ['has a fingerprint that is none', { [tag.fingerprint]: 'x' }],
  ['names no slot', { [tag.credentialId]: 'key3' }],
  ['says that there is no key, and has one', { [tag.credentialId]: 'none' }],
  ['names no kind', { [tag.kind]: '' }],
])('a secret that %s is no record: its value goes nowhere', async (_what, change) => {
  expect(await vendOf(change)).toEqual({ got: 'unknown_account', hosts: [] })
})

test('a record whose value was replaced is none: what is there now goes nowhere', async () => {
  expect(await vendOf({ [tag.fingerprint]: fp(key) }, 'a database password')).toEqual({
    got: 'unknown_account',
    hosts: [],
  })
})

test('a record of another account with the key of this one gets no further than its own zone', async () => {
  const told = await vendOf({ [tag.providerAddress]: OTHER })
  expect(told.hosts).toEqual([REGION])
})

test('an account whose subdomain ARM tells wrongly is not proved, and its key not published', async () => {
  const account = azure.world.accounts.get(SPEECH.toLowerCase())
  if (!account) throw new Error('the seed has no speech-west')
  azure.world.accounts.set(SPEECH.toLowerCase(), { ...account, customSubDomain: 'evil.example/' })
  const from = azure.egress.length
  try {
    const { outcome } = await wired(azure).check(accountId(SPEECH), { kind: 'check' })
    expect(outcome).toMatchObject({ kind: 'withheld', reason: 'no-such-host' })
  } finally {
    azure.world.accounts.set(SPEECH.toLowerCase(), account)
  }
  const hosts = new Set(azure.egress.slice(from).map(({ host }) => host))
  expect([...hosts].filter((host) => host !== VAULT && host !== 'management.azure.com')).toEqual([])
})

describe.each([301, 302, 303, 307, 308] as const)('a token service that answers %i', (status) => {
  const place = { region: 'westus2', subDomain: 'speech-west' }
  const home = 'speech-west.cognitiveservices.azure.com'

  test.each([
    ['a host outside', 'https://evil.example/sts/v1.0/issueToken'],
    ['a host of Azure', 'https://westeurope.api.cognitive.microsoft.com/sts/v1.0/issueToken'],
    ['its own host', 'https://speech-west.cognitiveservices.azure.com/elsewhere'],
    ['plain http', 'http://speech-west.cognitiveservices.azure.com/sts/v1.0/issueToken'],
  ])('with %s is not followed, with a key or with our own identity', async (_where, location) => {
    const { tokens } = wired(azure)
    const [from, since] = [azure.egress.length, calls.length]
    azure.faults.add({ route: 'sts.issueToken', kind: 'redirect', status, location, count: 3 })
    const noAnswer = { kind: 'unknown', reason: 'no-answer' }
    expect(await tokens.judge(place, Secret.of(key))).toEqual(noAnswer)
    expect(await tokens.exchange(place, Secret.of(key))).toEqual(noAnswer)
    expect(await tokens.exchangeIdentity(place)).toEqual(noAnswer)
    expect(azure.faults.list()).toEqual([])
    expect(azure.egress.slice(from).map(({ host, port }) => `${host}:${port}`)).toEqual(Array(3).fill(`${home}:443`))
    expect(calls.slice(since).map(({ host, path }) => `${host}${path}`)).toEqual(
      Array(3).fill(`${home}/sts/v1.0/issueToken`),
    )
  })

  test('with an address on this machine, which no proxy sees, is not followed', async () => {
    const heard: unknown[] = []
    const server = createServer((request, response) => {
      heard.push(request.headers)
      response.end('a token')
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as AddressInfo
    try {
      azure.faults.add({ route: 'sts.issueToken', kind: 'redirect', status, location: `http://127.0.0.1:${port}/` })
      expect(await wired(azure).tokens.exchange(place, Secret.of(key))).toMatchObject({ reason: 'no-answer' })
    } finally {
      server.close()
    }
    expect(heard).toEqual([])
  })
})

test('in all of this the proxy refused nobody, and no key was in a call to any other host', () => {
  expect(azure.egress.filter(({ allowed }) => !allowed)).toEqual([])
  const ours =
    /^(keystile-local\.vault\.azure\.net|[a-z0-9-]+\.(cognitiveservices\.azure|api\.cognitive\.microsoft)\.com)$/
  const others = calls.filter(({ host }) => !ours.test(host))
  expect(others.length).toBeGreaterThan(0)
  const texts = others.map((call) => ({
    where: call.host,
    text: JSON.stringify([call.path, call.headers, `${call.body}`]),
  }))
  expect(leaksIn(texts, [{ name: 'the key', secret: key }])).toEqual([])
})
