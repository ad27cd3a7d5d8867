// The fleet on the wire: pages, refusals, names, records that nobody keeps, calls per account, and Azure's throttles.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Seed } from '../../local/azure/seed.ts'
import { azurePacing } from '../../src/azure/pacing.ts'
import { systemClock } from '../../src/azure/system-clock.ts'
import { tag } from '../../src/common/record.ts'
import { fingerprintOf, Secret } from '../../src/common/secret.ts'
import { askForChecks } from '../../src/rotation/fleet-round.ts'
import { demoSeed, startTestAzure, type TestAzure } from '../support/azure.ts'
import { accountId } from '../support/rotation.ts'
import { wired } from '../support/wired.ts'

jest.setTimeout(60_000)

const [WEST, NORTH] = ['5b0d0c53-9a1e-4c57-8f57-6f0b7a1c0001', '5b0d0c53-9a1e-4c57-8f57-6f0b7a1c0002']
const idOf = (name: string, subscription: string, group: string) =>
  `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.CognitiveServices/accounts/${name}`
const SPEECH = accountId(idOf('speech-west', WEST, 'ai'))
/** Of the same name as an account of the other subscription, and later in the order of ARM ids. */
const NEWCOMER = accountId(idOf('speech-west', NORTH, 'ai-north'))
const MANY = Array.from({ length: 230 }, (_, at) => `many-${at}`)

function fleetSeed(): Seed {
  const seed = demoSeed()
  const [pattern] = seed.accounts
  const rotator = seed.identities.find(({ name }) => name === 'rotator')
  if (!pattern || !rotator) throw new Error('the seed has lost its parts')
  const { customSubDomain: _sub, ...plain } = pattern
  const north = { ...plain, subscription: NORTH, resourceGroup: 'ai-north', location: 'westus2' }
  seed.accounts.push({ ...north, name: 'speech-west' }, ...MANY.map((name) => ({ ...north, name, tags: {} })))
  rotator.grants.push({ scope: `/subscriptions/${NORTH}`, role: 'rotator.accounts' })
  return seed
}

let azure: TestAzure
beforeEach(async () => {
  azure = await startTestAzure({ seed: fleetSeed(), switches: { accountsPerPage: 7, emptyPages: true } })
})
afterEach(() => azure.close())

const callsSince = (from: number) =>
  azure.journal.since(from).entries.filter(({ route }) => /^(arm|keyVault|sts)\./.test(route))

test('every page of every subscription is read, the empty ones, too', async () => {
  const { accounts, failed } = await wired(azure).discover()
  expect(failed).toEqual([])
  expect(accounts.map(({ name, subscription }) => `${name} ${subscription.at(-1)}`).sort()).toEqual([
    'multi-east 1',
    'speech-held 1',
    'speech-keyless 1',
    'speech-ungranted 1',
    'speech-west 1',
    'speech-west 2',
    'translator-global 1',
    'translator-north 2',
    'vision-west 1',
  ])
})

test('a subscription without a grant stops only itself', async () => {
  const rotator = azure.world.seed.identities.find(({ name }) => name === 'rotator')
  if (rotator) rotator.grants = rotator.grants.filter(({ scope }) => !scope.includes(NORTH))
  const { accounts, failed } = await wired(azure).discover()
  expect(accounts.map(({ subscription }) => subscription)).toEqual(accounts.map(() => WEST))
  expect(failed).toMatchObject([{ subscription: NORTH, reason: expect.stringContaining('HTTP 403') }])
})

test('of two accounts of one name, the same one is looked after in every round, and the other is left alone', async () => {
  const { accounts, store, fleet, check } = wired(azure)
  const round = async () => {
    const asked: string[] = []
    const checks = { send: async ({ account }: { account: string }) => void asked.push(account) }
    const deps = { accounts, store, records: store, settings: fleet, checks, everyMs: 1_000 }
    const { rivals } = await askForChecks(deps)()
    expect(rivals.map(({ account, owner }) => [account.id, owner])).toEqual([[NEWCOMER.id, SPEECH.id]])
    expect(asked).toContain(SPEECH.id)
    expect(asked).not.toContain(NEWCOMER.id)
  }
  await round()
  expect((await check(SPEECH, { kind: 'check' })).outcome).toMatchObject({ kind: 'published' })
  await round()
  // A message of old may still name the newcomer.
  const keysBefore = azure.world.accounts.get(NEWCOMER.id.toLowerCase())?.keys
  expect((await check(NEWCOMER, { kind: 'check' })).outcome).toEqual({
    kind: 'skipped',
    reason: 'secret_not_ours',
    detail: `it is the record of ${SPEECH.id}, not of ${NEWCOMER.id}`,
  })
  expect(azure.world.accounts.get(NEWCOMER.id.toLowerCase())?.keys).toEqual(keysBefore)
  expect(azure.world.vaults.get('keystile-local')?.secrets.get('speech-west')?.versions).toHaveLength(1)
})

test('a record whose account lost its tag is unmanaged, on whichever page of the vault it is', async () => {
  const { accounts, store, fleet } = wired(azure)
  const ids = MANY.slice(0, 30).map((name) => idOf(name, NORTH, 'ai-north'))
  for (const id of ids) {
    const value = Secret.of(`a key of ${id}`)
    const tags = { [tag.credentialId]: 'key1', [tag.providerAddress]: id, [tag.publisher]: 'wired' }
    const expiresAt = new Date('2027-01-01T00:00:00Z')
    await store.publish(accountId(id).name, { value, tags, expiresAt }, 30_000)
  }
  const checks = { send: async () => undefined }
  const { unmanaged } = await askForChecks({
    accounts,
    store,
    records: store,
    settings: fleet,
    checks,
    everyMs: 1_000,
  })()
  expect(unmanaged?.map(({ account }) => account).sort()).toEqual(ids.toSorted())
})

test('a check takes 3 calls upstream, a rotation at most 10', async () => {
  azure.world.switches.emptyPages = false
  const HOUR = 3_600_000
  const idle = { rotateEveryMs: HOUR, graceMs: HOUR, minGraceMs: 0, minRotateEveryMs: 0, maxRotateEveryMs: HOUR }
  const [due, notDue] = [wired(azure), wired(azure, { policy: idle })]
  await due.check(SPEECH, { kind: 'check' })
  // Each client's first request to a vault is answered with a challenge.
  await notDue.check(SPEECH, { kind: 'check' })
  await sleep(2_000)
  const beforeCheck = azure.journal.since(0).next
  expect((await notDue.check(SPEECH, { kind: 'check' })).outcome).toMatchObject({ kind: 'waiting' })
  expect(callsSince(beforeCheck).map(({ route }) => route)).toEqual([
    'arm.getAccount',
    'keyVault.listVersions',
    'arm.listKeys',
  ])
  const beforeRotation = azure.journal.since(0).next
  expect((await due.check(SPEECH, { kind: 'check' })).outcome).toMatchObject({ kind: 'published' })
  expect(callsSince(beforeRotation).length).toBeLessThanOrEqual(10)
})

/** Regenerates a key of each of many accounts, 16 at a time. @returns how many were refused. */
async function regenerateMany(parts: ReturnType<typeof wired>, ready: () => Promise<void>): Promise<number> {
  const rest = MANY.values()
  let refused = 0
  const worker = async () => {
    for (const name of rest) {
      await ready()
      const id = accountId(idOf(name, NORTH, 'ai-north'))
      await parts.accounts.regenerate(id, 'key1', 30_000).catch(() => {
        refused += 1
      })
    }
  }
  await Promise.all(Array.from({ length: 16 }, worker))
  return refused
}

test('with ARM’s throttle on, what is paced is not refused, and what is not, is', async () => {
  azure.world.switches.throttling = true
  const pacing = azurePacing(systemClock)
  expect(await regenerateMany(wired(azure, { pacing }), () => pacing.toRegenerate(NORTH))).toBe(0)
  // How many are refused depends on how fast this machine asks: ten a second come free.
  expect(await regenerateMany(wired(azure), async () => undefined)).toBeGreaterThan(10)
})

test('a whole rotation works when it is paced', async () => {
  const { check } = wired(azure, { pacing: azurePacing(systemClock) })
  const before = azure.world.accounts.get(SPEECH.id.toLowerCase())?.keys.key1.value ?? ''
  expect((await check(SPEECH, { kind: 'check' })).outcome).toMatchObject({
    fingerprint: fingerprintOf(Secret.of(before)),
  })
  await sleep(2_000)
  expect((await check(SPEECH, { kind: 'check' })).outcome).toMatchObject({ kind: 'published', slot: 'key2' })
})
