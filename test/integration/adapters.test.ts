// What the adapters promise about the wire: once, authenticated, on fresh connections, to no other host.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { BlobServiceClient } from '@azure/storage-blob'
import { type Azurite, startAzurite } from '../../local/azurite.ts'
import { aiAccounts } from '../../src/azure/ai-accounts.ts'
import { blobLease, blobNotes } from '../../src/azure/lease.ts'
import type { Lane } from '../../src/azure/pacing.ts'
import { systemClock } from '../../src/azure/system-clock.ts'
import { publicCloud } from '../../src/common/cloud.ts'
import { AppError } from '../../src/common/errors.ts'
import { tag } from '../../src/common/record.ts'
import { Secret } from '../../src/common/secret.ts'
import { startTestAzure, type TestAzure } from '../support/azure.ts'
import { accountId } from '../support/rotation.ts'
import { VAULT_URL, wired } from '../support/wired.ts'

jest.setTimeout(60_000)

const SPEECH = accountId(
  '/subscriptions/5b0d0c53-9a1e-4c57-8f57-6f0b7a1c0001/resourceGroups/ai/providers/Microsoft.CognitiveServices/accounts/speech-west',
)

let azure: TestAzure
beforeAll(async () => {
  azure = await startTestAzure()
})
afterAll(() => azure.close())
afterEach(() => azure.faults.clear())

const countOf = (route: string) => azure.journal.counts()[route] ?? 0
const keysOf = () => {
  const account = azure.world.accounts.get(SPEECH.id.toLowerCase())
  if (!account) throw new Error('the seed has lost its account')
  return account.keys
}

test.each([
  ['503', { kind: 'status', status: 503 }, 'upstream_unreachable'],
  ['429 with Retry-After', { kind: 'status', status: 429, retryAfterSeconds: 0 }, 'upstream_throttled'],
  ['403', { kind: 'status', status: 403 }, 'upstream_refused'],
  ['a reset before the effect', { kind: 'reset-before' }, 'upstream_unreachable'],
  ['a reset after the effect', { kind: 'reset-after' }, 'upstream_unreachable'],
  ['no answer within its deadline', { kind: 'hang' }, 'upstream_unreachable'],
] as const)('a regenerate is sent once, whatever comes back: %s', async (_what, fault, code) => {
  const { accounts } = wired(azure)
  const before = countOf('arm.regenerateKey')
  azure.faults.add({ route: 'arm.regenerateKey', ...fault })
  await expect(accounts.regenerate(SPEECH, 'key2', 1_000)).rejects.toMatchObject({ code })
  expect(countOf('arm.regenerateKey') - before).toBe(1)
})

test.each([
  ['a revoke', true, ['reads true', 'writes true']],
  ['anybody else', false, ['reads false', 'writes false']],
])('what %s reads of ARM is asked of the pacing with its rank', async (_who, urgent, asked) => {
  const waits: string[] = []
  const policy: Lane['policy'] = { name: 'seen', sendRequest: (request, next) => next(request) }
  const lane: Lane = { policy, ready: async (kind, first) => void waits.push(`${kind} ${first}`) }
  const unpaced = async () => undefined
  const pacing = { subscription: () => lane, vault: lane, toRegenerate: unpaced, toPublish: unpaced }
  const credential = azure.credential('rotator')
  const accounts = aiAccounts({ credential, cloud: publicCloud, clock: systemClock, pacing, urgent })
  await accounts.get(SPEECH)
  await accounts.listKeys(SPEECH)
  expect(waits).toEqual(asked)
})

test('a publish is sent once, whatever comes back', async () => {
  const { store } = wired(azure)
  azure.faults.add({ route: 'keyVault.setSecret', kind: 'status', status: 503 })
  const before = countOf('keyVault.setSecret')
  const version = { value: Secret.of('marked-value'), tags: {}, expiresAt: new Date('2027-01-01T00:00:00Z') }
  await expect(store.publish('once', version, 30_000)).rejects.toMatchObject({ code: 'upstream_unreachable' })
  expect(countOf('keyVault.setSecret') - before).toBe(1)
})

test('first publishes that go out together all carry a token: no value is sent bare', async () => {
  const { store } = wired(azure)
  const since = azure.journal.since(0).next
  const version = { value: Secret.of('marked-value'), tags: {}, expiresAt: new Date('2027-01-01T00:00:00Z') }
  await Promise.all(['one', 'two', 'three'].map((name) => store.publish(`together-${name}`, version, 30_000)))
  const sent = azure.journal.since(since).entries.filter(({ route }) => route === 'keyVault.setSecret')
  expect(sent.map(({ status, principal }) => [status, principal])).toEqual(Array(3).fill([200, 'rotator']))
})

test('tags and expiry arrive with the value, in one request', async () => {
  const { store } = wired(azure)
  const tags = { [tag.credentialId]: 'key1', [tag.kind]: 'SpeechServices' }
  await store.publish('whole', { value: Secret.of('v'), tags, expiresAt: new Date('2027-01-01T00:00:00Z') }, 30_000)
  const state = await store.read('whole')
  expect(state).toMatchObject({ kind: 'versions', versions: [{ enabled: true, tags }] })
  const stored = azure.world.vaults.get('keystile-local')?.secrets.get('whole')?.versions[0]
  expect(stored?.expires).toBe(1_798_761_600)
})

test('a secret that never was has no versions; a deleted one shows its tags, and comes back', async () => {
  const { store } = wired(azure)
  expect(await store.read('never')).toEqual({ kind: 'versions', versions: [] })
  const version = { value: Secret.of('v'), tags: { owner: 'us' }, expiresAt: new Date('2027-01-01T00:00:00Z') }
  await store.publish('lost', version, 30_000)
  const { token } = await azure.entra.mint({ kind: 'identity', identity: 'human', resource: 'https://vault.azure.net' })
  const headers = { authorization: `Bearer ${token}` }
  await fetch(`${VAULT_URL}/secrets/lost?api-version=7.6`, { method: 'DELETE', headers })
  expect(await store.read('lost')).toEqual({ kind: 'deleted', tags: { owner: 'us' } })
  await store.recover('lost')
  expect(await store.read('lost')).toMatchObject({ kind: 'versions', versions: [{ tags: { owner: 'us' } }] })
})

test('a vault that refuses is an error, never an absence', async () => {
  const { store } = wired(azure)
  azure.faults.add({ route: 'keyVault.listVersions', kind: 'status', status: 403, count: 2 })
  const error: unknown = await store.read('never').catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(AppError)
  expect(error).toMatchObject({ code: 'upstream_refused', status: 403 })
})

test('each exchange is a connection of its own', async () => {
  const { tokens } = wired(azure)
  const key = Secret.of(keysOf().key1.value)
  const place = { region: 'westus2', subDomain: 'speech-west' }
  const connections = () => azure.egress.filter(({ host }) => host === 'speech-west.cognitiveservices.azure.com').length
  const before = connections()
  for (let time = 0; time < 3; time += 1) expect(await tokens.judge(place, key)).toEqual({ kind: 'accepted' })
  expect(connections() - before).toBe(3)
})

test.each([
  ['a right key', {}, 'key1', 'accepted'],
  ['a wrong key', {}, 'none', 'refused'],
  ['the wrong region', { region: 'westeurope' }, 'key1', 'refused'],
  ['a name that is no host', { region: 'a b' }, 'key1', 'unknown'],
] as const)('%s is %s', async (_what, place, slot, kind) => {
  const { tokens } = wired(azure)
  const key = Secret.of(slot === 'key1' ? keysOf().key1.value : '0'.repeat(32))
  expect((await tokens.judge({ region: 'westus2', ...place }, key)).kind).toBe(kind)
})

test.each([
  ['a firewall', { kind: 'status', status: 403 }, 'forbidden'],
  ['throttling', { kind: 'status', status: 429 }, 'http-429'],
  ['an error of theirs', { kind: 'status', status: 500 }, 'http-500'],
  ['a reset', { kind: 'reset-before' }, 'no-answer'],
  ['a body that is cut off', { kind: 'cut-body' }, 'no-answer'],
] as const)('%s says nothing about a key', async (_what, fault, reason) => {
  const { tokens } = wired(azure)
  azure.faults.add({ route: 'sts.issueToken', ...fault })
  const key = Secret.of(keysOf().key1.value)
  expect(await tokens.judge({ region: 'westus2' }, key)).toEqual({ kind: 'unknown', reason })
})

describe('the lease', () => {
  let azurite: Azurite
  beforeAll(async () => {
    azurite = await startAzurite()
  })
  afterAll(() => azurite.close())

  const place = (vaultUrl = VAULT_URL) => {
    const storage = { kind: 'string', connectionString: azurite.connectionString } as const
    return { storage, credential: azure.credential('rotator'), vaultUrl }
  }
  const lease = (vaultUrl = VAULT_URL) => blobLease({ ...place(vaultUrl), clock: systemClock })
  const blobOf = (name: string) =>
    BlobServiceClient.fromConnectionString(azurite.connectionString)
      .getContainerClient('keystile-leases')
      .getBlockBlobClient(`keystile-local.vault.azure.net/${name}`)
  const hold = async (name: string, of = lease()) => {
    const answer = await of.acquire(name)
    if (answer.kind === 'busy') throw new Error(`${name} is busy`)
    return answer
  }

  test('keeps a second run out, of the same secret in the same vault alone', async () => {
    const first = await hold('speech-west')
    expect(first.clean).toBe(true)
    expect(await lease().acquire('speech-west')).toEqual({ kind: 'busy' })
    const others = [await hold('speech-east'), await hold('speech-west', lease('https://other.vault.azure.net'))]
    await Promise.all([first, ...others].map((each) => each.lease.release({})))
  })

  test('is ours for less than a minute from when it was asked for', async () => {
    const before = systemClock.elapsed()
    const { lease: held } = await hold('timed')
    // The wall clock is looked at as well, and has no parts of milliseconds.
    expect(held.until()).toBeGreaterThanOrEqual(before + 59_990)
    expect(held.until()).toBeLessThanOrEqual(systemClock.elapsed() + 60_000)
    await held.release({})
  })

  test('that was given back is clean, and leaves a note', async () => {
    const { lease: held } = await hold('noted')
    await held.release({ outcome: 'published' })
    const [next, text] = [await hold('noted'), await blobOf('noted').downloadToBuffer()]
    expect([next.clean, text.toString()]).toEqual([true, '{"outcome":"published"}'])
    await next.lease.release({})
  })

  test('that was left behind, or broken by hand, is not clean', async () => {
    const { lease: held } = await hold('left')
    held.abandon()
    expect(await lease().acquire('left')).toEqual({ kind: 'busy' })
    await blobOf('left').getBlobLeaseClient().breakLease(0)
    const next = await hold('left')
    expect(next.clean).toBe(false)
    await next.lease.release({})
    const last = await hold('left')
    expect(last.clean).toBe(true)
    await last.lease.release({})
  })

  test('shows its note to nobody while a run is under way, or after one that did not end in order', async () => {
    const read = () => blobNotes(place()).read('told')
    const { lease: older } = await hold('told')
    await older.release({ outcome: 'waiting' })
    expect(await read()).toEqual({ outcome: 'waiting' })
    const { lease: newer } = await hold('told')
    newer.abandon()
    expect(await read()).toBeUndefined()
    await blobOf('told').getBlobLeaseClient().breakLease(0)
    expect(await read()).toBeUndefined()
    const { lease: last } = await hold('told')
    await last.release({ outcome: 'done' })
    expect(await read()).toEqual({ outcome: 'done' })
  })

  test('that cannot be had for another reason than a holder is a fault, not somebody else’s', async () => {
    const server = createServer((request, answer) => {
      const code = request.method === 'HEAD' ? 'BlobNotFound' : 'ContainerBeingDeleted'
      answer.writeHead(request.method === 'HEAD' ? 404 : 409, { 'x-ms-error-code': code }).end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const connectionString = azurite.connectionString.replace(
      /BlobEndpoint=http:\/\/[^/]+/,
      `BlobEndpoint=http://127.0.0.1:${port}`,
    )
    const elsewhere = { ...place(), storage: { kind: 'string', connectionString } as const }
    const asking = blobLease({ ...elsewhere, clock: systemClock }).acquire('speech-west')
    await expect(asking).rejects.toMatchObject({ code: 'upstream_refused', status: 409 })
    server.close()
    server.closeAllConnections()
  })

  test('ten that ask at once: one has it', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => lease().acquire('wanted')))
    expect(answers.filter(({ kind }) => kind === 'held')).toHaveLength(1)
    for (const answer of answers) if (answer.kind === 'held') await answer.lease.release({})
  })
})
