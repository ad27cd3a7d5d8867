// Storage as the host's settings name it in Azure: addresses, and the app's own identity. On the wire: https, a token of
// the managed identity with each call, and no connection string anywhere. And what becomes of a lease that is held.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DefaultAzureCredential, type TokenCredential } from '@azure/identity'
import { BlobServiceClient } from '@azure/storage-blob'
import { QueueClient } from '@azure/storage-queue'
import { makeServerCertificate } from '../../local/azure/certificates.ts'
import { type Azurite, startAzurite } from '../../local/azurite.ts'
import { blobLease, blobNotes } from '../../src/azure/lease.ts'
import { messageQueue } from '../../src/azure/message-queue.ts'
import type { StorageConnection } from '../../src/azure/storage.ts'
import { systemClock } from '../../src/azure/system-clock.ts'
import { AppError } from '../../src/common/errors.ts'
import { parseStorage } from '../../src/platform-settings.ts'
import type { CheckMessage, HeldLease } from '../../src/rotation/ports.ts'
import { startTestAzure, type TestAzure } from '../support/azure.ts'
import { poison } from '../support/poison.ts'
import { accountId, ID, published } from '../support/rotation.ts'
import { rotationWorld } from '../support/rotation-world.ts'
import { VAULT_URL } from '../support/wired.ts'

jest.setTimeout(90_000)
/** The shortest that Azure gives. */
const SECONDS = 15

let azure: TestAzure
let azurite: Azurite
let storage: StorageConnection
let settings: Record<string, string>
beforeAll(async () => {
  azure = await startTestAzure()
  const { key, cert } = await makeServerCertificate(azure.folder, Date.now(), ['127.0.0.1'])
  const [certFile, keyFile] = [join(azure.folder, 'azurite.pem'), join(azure.folder, 'azurite-key.pem')]
  await writeFile(certFile, cert)
  await writeFile(keyFile, key, { mode: 0o600 })
  azurite = await startAzurite({ tls: { certFile, keyFile } })
  settings = {
    AzureWebJobsStorage__blobServiceUri: azurite.blobUrl,
    AzureWebJobsStorage__queueServiceUri: azurite.queueUrl,
    AzureWebJobsStorage__credential: 'managedidentity',
  }
  storage = parseStorage(settings)
})
afterAll(async () => {
  await azurite?.close()
  await azure?.close()
})

/** What the app is made with: the managed identity endpoint is asked, as in Azure. */
const identity = () => new DefaultAzureCredential()
const lease = (credential: TokenCredential = identity()) =>
  blobLease({ storage, credential, clock: systemClock, vaultUrl: VAULT_URL, seconds: SECONDS })
/** What is renewed keeps a process alive: a test that fails half-way must not. */
const everHeld: HeldLease[] = []
afterEach(() => {
  for (const held of everHeld.splice(0)) held.abandon()
})
const hold = async (name: string) => {
  const answer = await lease().acquire(name)
  if (answer.kind === 'busy') throw new Error(`${name} is busy`)
  everHeld.push(answer.lease)
  return answer
}
/** Somebody else, with the same rights. */
const breakByHand = (name: string) =>
  new BlobServiceClient(azurite.blobUrl, identity())
    .getContainerClient('keystile-leases')
    .getBlobClient(`keystile-local.vault.azure.net/${name}`)
    .getBlobLeaseClient()
    .breakLease(0)

describe('with the identity of the app', () => {
  test('there is no connection string, only https', () => {
    expect(storage).toEqual({ kind: 'identity', blobUrl: azurite.blobUrl, queueUrl: azurite.queueUrl })
    expect([azurite.blobUrl, azurite.queueUrl].map((url) => new URL(url).protocol)).toEqual(['https:', 'https:'])
  })

  test('the lease is acquired, keeps others out, is given back with its note, and can be had again', async () => {
    const asked = azure.journal.counts()['identity.token'] ?? 0
    const first = await hold('held')
    expect([first.clean, await lease().acquire('held')]).toEqual([true, { kind: 'busy' }])
    await first.lease.release({ outcome: 'published' })
    expect(await blobNotes({ storage, credential: identity(), vaultUrl: VAULT_URL }).read('held')).toEqual({
      outcome: 'published',
    })
    const second = await hold('held')
    expect(second.clean).toBe(true)
    await second.lease.release({})
    expect(azure.journal.counts()['identity.token']).toBeGreaterThan(asked)
  })

  test('a queue that is not there is made, and written; the command for parked messages puts back', async () => {
    const place = { storage, name: 'keystile-checks' }
    await messageQueue<CheckMessage>(place, identity()).send({ account: ID, attempt: 2 })
    const queue = new QueueClient(`${azurite.queueUrl}/keystile-checks`, identity())
    const { peekedMessageItems } = await queue.peekMessages()
    const texts = peekedMessageItems.map(({ messageText }) => Buffer.from(messageText, 'base64').toString())
    expect(texts).toEqual([JSON.stringify({ account: ID, attempt: 2 })])

    await messageQueue<CheckMessage>({ storage, name: 'keystile-checks-poison' }, identity()).send({ account: ID })
    const { out } = await poison(['retry', '--all'], { ...azure.env('rotator'), ...settings })
    expect(out).toContain('1 message put back, 0 left')
    expect((await queue.getProperties()).approximateMessagesCount).toBe(2)
  })

  const elsewhere = (resource: string): TokenCredential => ({
    getToken: () => azure.credential('rotator').getToken(`${resource}/.default`),
  })
  const noToken: TokenCredential = {
    getToken: async () => ({ token: 'marked-token', expiresOnTimestamp: Date.now() + 3_600_000 }),
  }
  test.each<[string, () => TokenCredential]>([
    ['a token for the vault', () => elsewhere('https://vault.azure.net')],
    ['a token for ARM', () => elsewhere('https://management.azure.com')],
    ['what is no token', () => noToken],
  ])('%s is refused: nothing is leased, nothing sent, and the token is not told', async (_what, credential) => {
    const asking = lease(credential()).acquire('refused')
    // The look at a blob is a HEAD: its refusal has no body, and so no name.
    await expect(asking).rejects.toEqual(new AppError('upstream_refused', 'lease secret refused: HTTP 403', 403))
    const sending = messageQueue({ storage, name: 'refused' }, credential()).send({ account: ID })
    const refused = new AppError('upstream_refused', 'put a message on a queue: HTTP 403 AuthenticationFailed', 403)
    await expect(sending).rejects.toEqual(refused)
    for (const failed of [asking, sending])
      await expect(failed).rejects.toMatchObject({ code: 'upstream_refused', status: 403 })
    expect(await new QueueClient(`${azurite.queueUrl}/refused`, identity()).exists()).toBe(false)
    const { lease: free } = await hold('refused')
    await free.release({})
  })

  test('without a token the storage shows nothing', async () => {
    const { lease: held } = await hold('shown')
    await held.release({})
    const blob = await fetch(`${azurite.blobUrl}/keystile-leases/keystile-local.vault.azure.net/shown`)
    const queue = await fetch(`${azurite.queueUrl}/keystile-checks/messages`, { method: 'DELETE' })
    expect([blob.status, queue.status]).toEqual([403, 403])
  })
})

test('a lease that is held for longer than it lasts is renewed: nobody else has it until it is given back', async () => {
  const { lease: held } = await hold('long')
  const first = held.until()
  await sleep((SECONDS + 2) * 1_000)
  expect(held.until()).toBeGreaterThan(first)
  expect(held.until()).toBeGreaterThan(systemClock.elapsed() + (SECONDS * 1_000) / 2)
  expect(await lease().acquire('long')).toEqual({ kind: 'busy' })
  await held.release({})
  const next = await hold('long')
  expect(next.clean).toBe(true)
  await next.lease.release({})
})

test('a lease that is abandoned is not renewed: it runs out, and whoever has it next knows', async () => {
  const { lease: held } = await hold('left')
  held.abandon()
  await sleep((SECONDS + 2) * 1_000)
  const next = await hold('left')
  expect(next.clean).toBe(false)
  await next.lease.release({})
})

test('a lease that was broken by hand, and that somebody else has by now: the run regenerates and does not publish', async () => {
  const timing = { writeDeadlineMs: 2_000, quarantineMs: 0, beginWithinMs: 264_000 }
  const world = rotationWorld('2026-02-01T12:00:00Z', { lease: lease(), clock: systemClock, timing })
  world.versions = [published('2025-11-01T00:00:00Z', 'key1', 'first key')]
  const others: Awaited<ReturnType<typeof hold>>[] = []
  world.before = async (step) => {
    if (step !== 'regenerate key2') return
    await breakByHand('speech-west')
    others.push(await hold('speech-west'))
    await sleep((SECONDS / 4 + 1) * 1_000)
  }
  const { outcome, did } = await world.check(accountId(), { kind: 'check' })
  expect([outcome, did, world.log]).toEqual([{ kind: 'overtaken' }, ['regenerate key2'], ['regenerate key2']])
  // It was not given back, so whoever has it now waits first; and the end of the run before takes nothing from them.
  expect(others.map(({ clean }) => clean)).toEqual([false])
  expect(await lease().acquire('speech-west')).toEqual({ kind: 'busy' })
  await others[0]?.lease.release({})
})

test('a lease that was broken by hand and is given back all the same is clean: nothing is on its way', async () => {
  const { lease: held } = await hold('broken')
  await breakByHand('broken')
  await held.release({})
  const next = await hold('broken')
  expect(next.clean).toBe(true)
  await next.lease.release({})
})
