// GET /api/accounts of the built rotator: what operators see while people change things in ARM and in the vault.

import type { AccountStatus } from '../../src/rotation/status.ts'
import { demoSeed } from '../support/azure.ts'
import { secondsPolicy, startTestStack, type TestStack, until } from '../support/stack.ts'

jest.setTimeout(60_000)

/** A subscription that the settings name and that is not there: it can be looked at by nobody. */
const DARK = '5b0d0c53-9a1e-4c57-8f57-6f0b7a1c0009'
const NORTH = '5b0d0c53-9a1e-4c57-8f57-6f0b7a1c0002'

let stack: TestStack
beforeAll(async () => {
  const seed = demoSeed()
  const [pattern] = seed.accounts
  const rotator = seed.identities.find(({ name }) => name === 'rotator')
  if (!pattern || !rotator) throw new Error('the seed has lost its parts')
  const { customSubDomain: _sub, ...plain } = pattern
  const north = { ...plain, subscription: NORTH, resourceGroup: 'ai-north' }
  seed.accounts.push({ ...north, name: 'second', tags: sharing }, { ...north, name: 'far', location: 'Japan West' })
  rotator.grants.push({ scope: `/subscriptions/${NORTH}`, role: 'rotator.accounts' })
  const subscriptions = [...seed.subscriptions.map(({ id }) => id), DARK]
  stack = await startTestStack({
    seed,
    rotator: { ...secondsPolicy, KEYSTILE_ROTATE_EVERY: 'PT1H', KEYSTILE_SUBSCRIPTIONS: subscriptions.join(',') },
  })
  await until('all are published', async () => (await list()).filter(({ state }) => state === 'managed').length >= 6)
})
afterAll(() => stack?.close())

const sharing = { keystile: 'rotate', 'keystile-secret': 'multi-east' }

async function get(path: string): Promise<{ status: number; text: string }> {
  const { token } = await stack.azure.entra.mint({ kind: 'app', caller: 'operator' })
  const headers = { authorization: `Bearer ${token}` }
  const answer = await fetch(`${stack.rotator.url}/api/accounts${path}`, { headers })
  return { status: answer.status, text: await answer.text() }
}
const all = async (): Promise<{ accounts: AccountStatus[]; failed: { subscription: string }[] }> =>
  JSON.parse((await get('')).text)
const list = async () => (await all()).accounts
const one = async (name: string): Promise<AccountStatus> => JSON.parse((await get(`/${name}`)).text)

const account = (name: string) => {
  const found = [...stack.azure.world.accounts.values()].find((each) => each.name === name)
  if (!found) throw new Error(`no account ${name}`)
  return found
}
const newestOf = (name: string) => {
  const version = stack.azure.world.vaults.get('keystile-local')?.secrets.get(name)?.versions.at(-1)
  if (!version) throw new Error(`no secret ${name}`)
  return version
}

test('an account that is well: live slot, dates, its last run; no drift', async () => {
  const status = await until('a run is noted', async () => {
    const seen = await one('speech-west')
    return seen.lastRun?.outcome === 'waiting' && seen
  })
  expect(status).toMatchObject({
    state: 'managed',
    liveSlot: expect.stringMatching(/^key[12]$/),
    held: false,
    drift: [],
  })
  expect(status.lastRun).toMatchObject({ planned: ['wait'], did: [], details: { why: 'not-due' } })
  expect(new Date(status.due ?? '').getTime()).toBeGreaterThan(new Date(status.since ?? '').getTime())
})

test('the list names every account once, and says which subscription it could not look at', async () => {
  const { accounts, failed } = await all()
  expect(accounts.map((row) => `${row.account} ${row.state}`)).toEqual([
    'far managed',
    'multi-east managed',
    'multi-east foreign',
    'speech-held not-published',
    'speech-keyless local-auth-disabled',
    'speech-ungranted not-published',
    'speech-west managed',
    'translator-global managed',
    'translator-north managed',
    'vision-west managed',
  ])
  expect(failed).toMatchObject([{ subscription: DARK }])
})

test('a region that is not on the list of token exchanges is warned of, and vended', async () => {
  expect(await one('far')).toMatchObject({ region: 'japanwest', warnings: ['token_exchange_not_documented'] })
  expect(await one('translator-global')).toMatchObject({ region: 'global', warnings: [] })
  const { token } = await stack.azure.entra.mint({ kind: 'app', caller: 'app-all' })
  const headers = { authorization: `Bearer ${token}` }
  const answer = await fetch(`${stack.vendor.url}/api/accounts/far/token`, { method: 'POST', headers })
  expect([answer.status, await answer.json()]).toMatchObject([200, { region: 'japanwest' }])
})

test('of two accounts of one name the second is refused, and told whose it is', async () => {
  const rows = (await list()).filter((row) => row.account === 'multi-east')
  expect(rows.map(({ refused }) => refused)).toEqual([
    undefined,
    { reason: 'secret_not_ours', owner: account('multi-east').id },
  ])
  expect(stack.lines.filter((line) => line.includes('name.refused'))[0]).toContain(account('second').id)
  expect((await one('multi-east')).id).toBe(account('multi-east').id)
})

test('an account that lost its tag is unmanaged; its secret is left as it is', async () => {
  account('vision-west').tags = {}
  expect(
    await until('it is unmanaged', async () => {
      const seen = (await list()).find((row) => row.account === 'vision-west')
      return seen?.state === 'unmanaged' && seen
    }),
  ).toMatchObject({ id: account('vision-west').id, liveSlot: expect.stringMatching(/^key[12]$/), drift: [] })
  expect((await one('vision-west')).state).toBe('unmanaged')
  await until('the timer says so', () => stack.lines.find((line) => line.includes('record.unmanaged')))
  expect((await list()).filter((row) => row.account === 'vision-west')).toHaveLength(1)
})

test('a disabled newest version shows as held', async () => {
  const version = newestOf('translator-north')
  version.enabled = false
  version.updated = version.created + 1
  expect(await one('translator-north')).toMatchObject({ state: 'managed', held: true, drift: ['disabled'] })
})

test('a pause by tag shows at once, and no status holds a key', async () => {
  account('translator-global').tags = { keystile: 'hold' }
  expect(await one('translator-global')).toMatchObject({ held: true })
  const text = [await get(''), await get('/speech-west')].map((answer) => answer.text).join('\n')
  expect(stack.secrets().filter((secret) => text.includes(secret))).toEqual([])
})

test('a name that nobody has is 404', async () => {
  expect((await get('/nobody')).status).toBe(404)
})

test('checks that piled up are answered by one run', async () => {
  const { QueueServiceClient } = await import('@azure/storage-queue')
  const queue = QueueServiceClient.fromConnectionString(stack.storage.connectionString).getQueueClient(
    'keystile-checks',
  )
  const text = Buffer.from(JSON.stringify({ account: account('speech-west').id, attempt: 7 })).toString('base64')
  for (let each = 0; each < 3; each += 1) await queue.sendMessage(text, { visibilityTimeout: 4 })
  const answered = () => stack.lines.filter((line) => line.includes('"attempt":7') && line.includes('rotation.checked'))
  await until('all three are taken', () => answered().length === 3)
  expect(answered().filter((line) => line.includes('"kind":"done","planned":[]'))).toHaveLength(3)
})
