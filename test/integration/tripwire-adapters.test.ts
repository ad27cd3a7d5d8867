// What the adapters throw and answer while everything goes wrong that can, looked at as a logger would: all of it, causes
// and all. The stand-in's refusals hold the keys and whatever was sent.

import { inspect } from 'node:util'
import { entraVerifier } from '../../src/azure/entra.ts'
import { blobLease, blobNotes } from '../../src/azure/lease.ts'
import { messageQueue } from '../../src/azure/message-queue.ts'
import { recordReader } from '../../src/azure/record-reader.ts'
import { systemClock } from '../../src/azure/system-clock.ts'
import { publicCloud } from '../../src/common/cloud.ts'
import { fingerprintOf, Secret } from '../../src/common/secret.ts'
import { startTestAzure, type TestAzure } from '../support/azure.ts'
import { hostileTags, SPEECH } from '../support/hostile.ts'
import { accountId } from '../support/rotation.ts'
import { leaksIn, type Marked, type Seen, tokensIn } from '../support/tripwire.ts'
import { faultOf, KINDS } from '../support/tripwire-faults.ts'
import { VAULT_URL, wired } from '../support/wired.ts'

jest.setTimeout(20_000)

const KEY1 = 'tripwire/key1+of=speech?west&"%'
const KEY2 = 'tripwire/key2+of=speech?west&"%'
const STORAGE_KEY = Buffer.from('tripwire: the key of the storage').toString('base64')
const marked: Marked[] = [
  { name: 'key1', secret: KEY1 },
  { name: 'key2', secret: KEY2 },
  { name: 'the storage key', secret: STORAGE_KEY },
]
const SPEECH_ID = accountId(SPEECH)
const PLACE = { region: 'westus2', subDomain: 'speech-west' }

let azure: TestAzure
let bearer = ''
let list: Work[] = []
beforeAll(async () => {
  azure = await startTestAzure()
  const account = azure.world.accounts.get(SPEECH.toLowerCase())
  if (!account) throw new Error('the seed has no speech-west')
  account.keys = { key1: { value: KEY1, worksFrom: 0 }, key2: { value: KEY2, worksFrom: 0 } }
  bearer = (await azure.entra.mint({ kind: 'app', caller: 'app-all' })).token
  marked.push({ name: 'the bearer', secret: bearer })
  list = works()
  // Every client greets its vault before anything is broken.
  await look(() => true)
})
afterAll(() => azure?.close())
afterEach(() => {
  azure.faults.clear()
  jest.restoreAllMocks()
})

/** Nobody waits long for what does not come, nor for the pause before another try. */
function hurry(): void {
  const timeout = AbortSignal.timeout.bind(AbortSignal)
  jest.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => timeout(Math.min(ms, 2_000)))
}

/** All that anybody could print of it: with what is hidden, and each cause. */
function seenOf(where: string, outcome: unknown): Seen[] {
  const texts: Seen[] = []
  for (let at = outcome; at !== undefined && at !== null; at = at instanceof Error ? at.cause : undefined) {
    const error = at instanceof Error ? `${at.name} ${at.message} ${at.stack}` : ''
    texts.push({ where, text: inspect(at, { depth: 10, showHidden: true, maxArrayLength: null, getters: true }) })
    texts.push({ where, text: `${JSON.stringify(at)} ${String(at)} ${error}` })
  }
  return texts
}

type Work = [name: string, route: string, work: () => Promise<unknown>]

/** Each call of an adapter, and the one route that it is broken at. */
function works(): Work[] {
  const { accounts, store, tokens } = wired(azure)
  const reader = recordReader({ credential: azure.credential('vendor'), vaultUrl: VAULT_URL })
  const entra = { cloud: publicCloud, tenantId: azure.world.seed.tenantId, audiences: ['x'], clock: systemClock }
  const version = { value: Secret.of(KEY1), tags: hostileTags(KEY1, {}), expiresAt: new Date('2030-01-01') }
  const all = async <T>(items: AsyncIterable<T>) => {
    const list: T[] = []
    for await (const item of items) list.push(item)
    return list
  }
  return [
    ['list accounts', 'arm.listAccounts', () => all(accounts.list(SPEECH_ID.subscription))],
    ['get an account', 'arm.getAccount', () => accounts.get(SPEECH_ID)],
    ['list keys', 'arm.listKeys', () => accounts.listKeys(SPEECH_ID)],
    ['read versions', 'keyVault.listVersions', () => store.read('speech-west')],
    ['read a deleted secret', 'keyVault.getDeleted', () => store.read('nowhere')],
    ['list secrets', 'keyVault.listSecrets', () => all(store.list())],
    ['publish', 'keyVault.setSecret', () => store.publish('speech-west', version, 10_000)],
    ['recover', 'keyVault.recoverSecret', () => store.recover('speech-west')],
    ['read the newest', 'keyVault.getSecret', () => reader.newest('speech-west')],
    [
      'read another',
      'keyVault.listVersions',
      () => reader.another('speech-west', SPEECH, fingerprintOf(Secret.of('x'))),
    ],
    ['judge a key', 'sts.issueToken', () => tokens.judge(PLACE, Secret.of(KEY1))],
    ['exchange a key', 'sts.issueToken', () => tokens.exchange(PLACE, Secret.of(KEY1))],
    ['exchange our own identity', 'sts.issueToken', () => tokens.exchangeIdentity(PLACE)],
    ['verify a caller', 'entra.keysV2', () => entraVerifier(entra).verify(bearer)],
  ]
}

const look = async (groups: (work: Work) => boolean): Promise<Seen[]> => {
  const some = list.filter(groups)
  const outcomes = await Promise.allSettled(some.map(([, , work]) => work()))
  return outcomes.flatMap((outcome, at) =>
    seenOf(some[at]?.[0] ?? '', outcome.status === 'fulfilled' ? outcome.value : outcome.reason),
  )
}

test('what works shows no key, and no token but to whoever reveals it', async () => {
  const seen = await look(() => true)
  // Two texts of each call that has something to show; publish and recover may have nothing.
  expect(seen.length).toBeGreaterThanOrEqual(24)
  expect([...leaksIn(seen, marked), ...tokensIn(seen)]).toEqual([])
})

test.each(KINDS)('%s, wherever it strikes, shows no key, token or bearer', async (_what, kind) => {
  if (kind.kind !== 'status' || kind.status === 500) hurry()
  const [from, since] = [azure.egress.length, azure.journal.since(0).next]
  // A look at versions comes before the one at what is deleted: that one is broken by itself.
  const seen: Seen[] = []
  for (const isDeleted of [false, true]) {
    const some = ([name]: Work) => (name === 'read a deleted secret') === isDeleted
    const routes = new Set(list.filter(some).map(([, route]) => route))
    for (const route of routes) azure.faults.add(faultOf(kind, { route, count: 1_000 }, `${KEY1} ${KEY2} ${bearer}`))
    seen.push(...(await look(some)))
    azure.faults.clear()
    const hit = azure.journal.since(since).entries.flatMap(({ route, fault }) => (fault === undefined ? [] : [route]))
    expect([...routes].filter((route) => !hit.includes(route))).toEqual([])
  }
  expect([...leaksIn(seen, marked), ...tokensIn(seen)]).toEqual([])
  expect(azure.egress.slice(from).filter(({ allowed }) => !allowed)).toEqual([])
})

test('a regenerate that fails shows neither the old key nor the new one', async () => {
  const { accounts } = wired(azure)
  const seen: Seen[] = []
  for (const [what, kind] of KINDS) {
    const before = azure.world.accounts.get(SPEECH.toLowerCase())?.keys.key2.value ?? ''
    azure.faults.add(faultOf(kind, { route: 'arm.regenerateKey' }, `${KEY1} ${before}`))
    const outcome = await accounts.regenerate(SPEECH_ID, 'key2', 500).catch((error: unknown) => error)
    seen.push(...seenOf(what, outcome))
    const after = azure.world.accounts.get(SPEECH.toLowerCase())?.keys.key2.value ?? ''
    marked.push({ name: `key2 after ${what}`, secret: after })
  }
  expect(azure.faults.list()).toEqual([])
  expect([...leaksIn(seen, marked), ...tokensIn(seen)]).toEqual([])
})

test('a credential whose error holds a token takes it no further', async () => {
  const credential = { getToken: () => Promise.reject(new Error(`no, ${bearer}`, { cause: new Error(KEY1) })) }
  const reader = recordReader({ credential, vaultUrl: VAULT_URL })
  const queue = messageQueue({ url: 'https://127.0.0.1:1/devstoreaccount1/keystile-checks' }, credential)
  const outcomes = await Promise.allSettled([reader.newest('speech-west'), queue.send({ secret: 'speech-west' })])
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  const seen = outcomes.flatMap((outcome) => seenOf('a credential', 'reason' in outcome ? outcome.reason : undefined))
  expect([...leaksIn(seen, marked), ...tokensIn(seen)]).toEqual([])
})

test('a storage that is not there shows nothing of its connection string', async () => {
  const account = `AccountName=devstoreaccount1;AccountKey=${STORAGE_KEY}`
  const [blob, queueUrl] = ['Blob', 'Queue'].map((name) => `${name}Endpoint=http://127.0.0.1:1/devstoreaccount1`)
  const connectionString = `DefaultEndpointsProtocol=http;${account};${blob};${queueUrl}`
  const storage = { kind: 'string', connectionString } as const
  const place = { storage, credential: azure.credential('rotator'), clock: systemClock, vaultUrl: VAULT_URL }
  hurry()
  const queue = messageQueue<object>({ storage, name: 'keystile-checks' }, place.credential)
  const outcomes = await Promise.allSettled([
    queue.send({ secret: 'speech-west' }),
    blobLease(place).acquire('speech-west'),
    blobNotes(place).read('speech-west'),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled'])
  const seen = outcomes.flatMap((outcome) => seenOf('storage', 'reason' in outcome ? outcome.reason : outcome.value))
  expect(leaksIn(seen, marked)).toEqual([])
})
