// ARM in the stand-in, driven by the real management client and by bare requests: contract A.

import { CognitiveServicesManagementClient } from '@azure/arm-cognitiveservices'
import { createLimits } from '../../local/azure/arm/limits.ts'
import { Refusal } from '../../local/azure/wire.ts'
import { azureSwitches } from '../../local/azure/world.ts'
import { fieldOf, startTestAzure, type TestAzure } from '../support/azure.ts'
import { type Asked, armSeed, askArm, one, provider, sub, tokenOf, version } from './arm-calls.ts'

let azure: TestAzure

beforeAll(async () => {
  azure = await startTestAzure({ seed: armSeed() })
})
afterAll(() => azure.close())
afterEach(() => {
  azure.faults.clear()
  Object.assign(azure.world.switches, azureSwitches)
})

const ask = (path: string, asked?: Asked) => askArm(azure, path, asked)
const client = (identity = 'rotator') => new CognitiveServicesManagementClient(azure.credential(identity), sub)

const namesOf = async (pages: AsyncIterable<{ readonly name?: string }>) => {
  const names = []
  for await (const { name } of pages) names.push(name)
  return names
}

const callsOf = (route: string) => azure.journal.counts()[route] ?? 0

describe('accounts', () => {
  test('an account is read by the real client, whatever the case of its path', async () => {
    const account = await client().accounts.get('AI', 'SPEECH-west')
    expect(account).toMatchObject({
      id: one('speech-west'),
      name: 'speech-west',
      kind: 'SpeechServices',
      location: 'westus2',
      sku: { name: 'S0' },
      tags: { keystile: 'rotate' },
      properties: {
        provisioningState: 'Succeeded',
        customSubDomainName: 'speech-west',
        endpoint: 'https://speech-west.cognitiveservices.azure.com/',
      },
    })
  })

  test.each([
    ['multi-east', 'https://eastus.api.cognitive.microsoft.com/'],
    ['vision-west', 'https://westus2.api.cognitive.microsoft.com/'],
    ['translator-global', 'https://api.cognitive.microsofttranslator.com/'],
  ])('the endpoint of %s is %s', async (name, endpoint) => {
    expect((await client().accounts.get('ai', name)).properties?.endpoint).toBe(endpoint)
  })

  test('what an account does not have is absent, and its location is echoed as it was given', async () => {
    const body: unknown = await (await ask(one('multi-east') + version)).json()
    expect(body).toMatchObject({ location: 'East US' })
    for (const absent of ['disableLocalAuth', 'customSubDomainName', 'publicNetworkAccess', 'nextLink']) {
      expect(JSON.stringify(body)).not.toContain(absent)
    }
    expect(await (await ask(one('untagged') + version)).json()).not.toHaveProperty('tags')
  })

  test('a list has all accounts of a subscription, another those of a group', async () => {
    expect(await namesOf(client().accounts.list())).toEqual([
      'locked',
      'multi-east',
      'speech-held',
      'speech-keyless',
      'speech-ungranted',
      'speech-west',
      'translator-global',
      'untagged',
      'vision-west',
    ])
    expect(await namesOf(client().accounts.listByResourceGroup('keystile'))).toEqual([])
  })

  test('a list in small pages with empty ones between is whole all the same', async () => {
    const whole = await namesOf(client().accounts.list())
    Object.assign(azure.world.switches, { accountsPerPage: 2, emptyPages: true })
    const before = callsOf('arm.listAccounts')
    expect(await namesOf(client().accounts.list())).toEqual(whole)
    expect(callsOf('arm.listAccounts') - before).toBe(10)
  })

  test('a next link is absolute and carries the api-version; the last page has none', async () => {
    azure.world.switches.accountsPerPage = 8
    const nextLink = String(await fieldOf(await ask(`/subscriptions/${sub}/${provider}${version}`), 'nextLink'))
    expect(nextLink).toMatch(/^https:\/\/management\.azure\.com\/.*\?api-version=2025-09-01&\$skiptoken=/)
    const last: unknown = await (await ask(nextLink.replace('https://management.azure.com', ''))).json()
    expect(last).toHaveProperty('value.length', 1)
    expect(last).not.toHaveProperty('nextLink')
  })

  test('a list shows only what the principal may read', async () => {
    const vendor = azure.world.seed.identities.find(({ name }) => name === 'vendor')
    const grant = { scope: one('vision-west'), actions: ['Microsoft.CognitiveServices/*/read'] }
    vendor?.grants.push(grant)
    expect(await namesOf(client('vendor').accounts.list())).toEqual(['vision-west'])
    vendor?.grants.pop()
  })
})

describe('keys', () => {
  test.each([
    ['multi-east', /^[0-9a-f]{32}$/],
    ['speech-west', /^[0-9A-Za-z]{52}JQQJ99[0-9A-Za-z]{18}ACOG[0-9A-Za-z]{4}$/],
  ])('the two keys of %s differ and have their format', async (name, format) => {
    const { key1, key2 } = await client().accounts.listKeys('ai', name)
    expect(key1).toMatch(format)
    expect(key2).toMatch(format)
    expect(key1).not.toBe(key2)
  })

  test('regenerating one key leaves the other, and answers both', async () => {
    const before = await client().accounts.listKeys('ai', 'speech-west')
    const answer = await client().accounts.regenerateKey('ai', 'speech-west', 'Key2')
    expect(answer.key1).toBe(before.key1)
    expect(answer.key2).not.toBe(before.key2)
    expect(await client().accounts.listKeys('ai', 'speech-west')).toEqual(answer)
  })

  test('a new key works only after the propagation, the old one is gone at once', async () => {
    azure.world.switches.propagationSeconds = 60
    const before = await client().accounts.listKeys('ai', 'multi-east')
    const after = await client().accounts.regenerateKey('ai', 'multi-east', 'Key1')
    const exchange = (key = '') =>
      fetch('https://eastus.api.cognitive.microsoft.com/sts/v1.0/issueToken', {
        method: 'POST',
        headers: { 'ocp-apim-subscription-key': key },
      })
    expect((await exchange(before.key1)).status).toBe(401)
    expect((await exchange(after.key1)).status).toBe(401)
    expect((await exchange(after.key2)).status).toBe(200)
  })

  test.each([
    ['a 503', { kind: 'status', status: 503, retryAfterSeconds: 0 }, 1],
    ['a lost answer', { kind: 'reset-after' }, 2],
  ] as const)('the client repeats a regenerate by itself after %s (contract fact 1)', async (_, fault, effects) => {
    const calls = callsOf('arm.regenerateKey')
    const from = azure.journal.since(0).next
    azure.breakNext({ route: 'arm.regenerateKey', ...fault })
    await client().accounts.regenerateKey('ai', 'speech-west', 'Key2')
    expect(callsOf('arm.regenerateKey') - calls).toBe(2)
    const { entries } = azure.journal.since(from)
    expect(entries.filter(({ event }) => event === 'regenerated')).toHaveLength(effects)
  })
})

describe('limits', () => {
  test('every answer says what is left, and a POST counts as a write', async () => {
    const read = await ask(one('speech-west') + version)
    expect(Number(read.headers.get('x-ms-ratelimit-remaining-subscription-reads'))).toBeLessThan(250)
    expect(Number(read.headers.get('x-ms-ratelimit-remaining-subscription-global-reads'))).toBeGreaterThan(3_000)
    const write = await ask(`${one('speech-west')}/listKeys${version}`, { method: 'POST' })
    expect(write.headers.get('x-ms-ratelimit-remaining-subscription-writes')).not.toBeNull()
    expect(write.headers.get('x-ms-ratelimit-remaining-subscription-reads')).toBeNull()
  })

  test('the older model counts down from 1,200 writes', async () => {
    azure.world.switches.armLimits = 'hourly'
    const write = await ask(`${one('speech-west')}/listKeys${version}`, { method: 'POST', as: 'rotator' })
    expect(write.headers.get('x-ms-ratelimit-remaining-subscription-writes')).toBe('1199')
  })

  test('an empty bucket refuses with Retry-After when throttling is on, and fills again', () => {
    let now = 0
    const switches = { ...azureSwitches, throttling: true }
    const limits = createLimits({ switches, now: () => now })
    const take = () => {
      try {
        return limits('POST', 'somebody', sub)['x-ms-ratelimit-remaining-subscription-writes']
      } catch (error) {
        return error instanceof Refusal ? error.answer : error
      }
    }
    const left = Array.from({ length: 200 }, take)
    expect([left.at(0), left.at(-1)]).toEqual(['199', '0'])
    expect(take()).toMatchObject({ status: 429, headers: { 'retry-after': '1' } })
    expect(limits('GET', 'somebody', sub)).toMatchObject({ 'x-ms-ratelimit-remaining-subscription-reads': '249' })
    expect(limits('POST', 'else', sub)).toMatchObject({ 'x-ms-ratelimit-remaining-subscription-writes': '199' })
    now += 1000
    expect(take()).toBe('9')
    for (let call = 0; call < 9; call += 1) take()
    // A refused call costs nothing, and no part of the refill.
    for (let call = 0; call < 9; call += 1) {
      now += 10
      expect(take()).toMatchObject({ status: 429 })
    }
    now += 10
    expect(take()).toBe('0')
    switches.throttling = false
    for (let call = 0; call < 20; call += 1) expect(typeof take()).toBe('string')
  })
})

test('whom the bucket of all refuses keeps what is theirs, and the other way about', () => {
  const limits = createLimits({ switches: { ...azureSwitches, throttling: true }, now: () => 0 })
  const nameOf = {
    own: 'x-ms-ratelimit-remaining-subscription-writes',
    all: 'x-ms-ratelimit-remaining-subscription-global-writes',
  }
  for (let call = 0; call < 200; call += 1) limits('POST', 'first', sub)
  for (let call = 0; call < 50; call += 1) expect(() => limits('POST', 'first', sub)).toThrow(Refusal)
  expect(limits('POST', 'second', sub)).toMatchObject({ [nameOf.own]: '199', [nameOf.all]: String(3_000 - 201) })
  for (let call = 0; call < 2_799; call += 1) limits('POST', `other-${call % 20}`, sub)
  expect(() => limits('POST', 'second', sub)).toThrow(Refusal)
})

describe('throttling on the wire', () => {
  let now = Date.now()
  let still: TestAzure
  beforeAll(async () => {
    still = await startTestAzure({ seed: armSeed(), now: () => now })
  })
  afterAll(() => still.close())

  test.each([
    { armLimits: 'buckets', size: 200, waitSeconds: 1, refilled: '9' },
    { armLimits: 'hourly', size: 1_200, waitSeconds: 3, refilled: '0' },
  ] as const)('$armLimits: after $size writes it is 429 until Retry-After is over', async (row) => {
    const { armLimits, size, waitSeconds, refilled } = row
    Object.assign(still.world.switches, { armLimits, throttling: true })
    const token = await tokenOf(still, 'rotator')
    const write = () => askArm(still, `${one('speech-west')}/listKeys${version}`, { method: 'POST', token })
    for (let done = 0; done < size; done += 50) {
      const answers = await Promise.all(Array.from({ length: 50 }, write))
      expect(answers.every(({ status }) => status === 200)).toBe(true)
    }
    const refused = await write()
    expect([refused.status, await fieldOf(refused, 'error.code')]).toEqual([429, 'SubscriptionRequestsThrottled'])
    expect(refused.headers.get('retry-after')).toBe(String(waitSeconds))
    now += waitSeconds * 1_000
    const again = await write()
    expect([again.status, again.headers.get('x-ms-ratelimit-remaining-subscription-writes')]).toEqual([200, refilled])
  })
})

describe('what is written down', () => {
  test('an unknown route is 404, and logged', async () => {
    const response = await ask(`/subscriptions/${sub}/marked-path${version}`)
    expect(response.status).toBe(404)
    expect(await response.json()).toHaveProperty('error.code')
    expect(azure.lines.join('\n')).toContain('marked-path')
  })

  test('each call is one journal entry with its route, host, status and principal', async () => {
    const from = azure.journal.since(0).next
    await ask(one('speech-west') + version, { as: 'rotator' })
    await ask(one('speech-west') + version, { as: 'vendor' })
    expect(azure.journal.since(from).entries).toEqual([
      expect.objectContaining({
        route: 'arm.getAccount',
        host: 'management.azure.com',
        status: 200,
        principal: 'rotator',
      }),
      expect.objectContaining({ route: 'arm.getAccount', status: 403, principal: 'vendor' }),
    ])
  })

  test('no key and no token is in the journal, the log or the list of connections', async () => {
    const token = await tokenOf(azure, 'rotator')
    const path = `${one('speech-west')}/regenerateKey${version}`
    const answer = await ask(path, { method: 'POST', token, body: '{"keyName":"Key2"}' })
    const key1 = await fieldOf(answer.clone(), 'key1')
    const key2 = await fieldOf(answer, 'key2')
    const written = JSON.stringify([azure.journal.since(0).entries, azure.lines, azure.egress])
    expect(written).toContain('regenerated')
    for (const secret of [key1, key2, token]) expect(written).not.toContain(secret)
  })
})
