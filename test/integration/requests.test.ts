// What operators ask for, with both apps as processes: a rotation or a revoke through the queue of requests, whatever
// else is in that queue, and however long it takes.

import { BlobServiceClient } from '@azure/storage-blob'
import { QueueServiceClient } from '@azure/storage-queue'
import type { Entry, Slot } from '../../local/azure/world.ts'
import { callService } from '../../local/client.ts'
import { fingerprintOf, Secret } from '../../src/common/secret.ts'
import { human } from '../support/drift-human.ts'
import { poison } from '../support/poison.ts'
import { publicationsOf, secondsPolicy, startTestStack, type TestStack, until } from '../support/stack.ts'

jest.setTimeout(240_000)
/** A request that meets a check is put back for five seconds, then ten, then twenty. */
const DONE_MS = 60_000

/** Each account is adopted, rotated once when grace allows, and then not due for a day. */
const policy = {
  ...secondsPolicy,
  KEYSTILE_SCHEDULE: '*/3 * * * * *',
  KEYSTILE_ROTATE_EVERY: 'P1D',
  KEYSTILE_GRACE: 'PT4S',
  KEYSTILE_PROOF_WINDOW: 'PT5S',
  KEYSTILE_WRITE_DEADLINE: 'PT2S',
  KEYSTILE_QUARANTINE: 'PT4S',
}
const GRACE_MS = 4_000
const ACCOUNTS = ['speech-west', 'multi-east', 'translator-global', 'translator-north', 'vision-west']
const MARK = 'marked-account'

let stack: TestStack
let operator = ''
beforeAll(async () => {
  stack = await startTestStack({ rotator: policy })
  operator = (await stack.azure.entra.mint({ kind: 'app', caller: 'operator' })).token
  // Five deliveries, ten seconds apart: looked at by the last test.
  await send('keystile-requests', { account: idOf('speech-west'), request: { kind: 'rotate', live: MARK } })
  for (const account of ACCOUNTS)
    await until(`${account} is rotated once`, () => publicationsOf(stack, account).length >= 2, DONE_MS)
  await until('grace is over', () => ACCOUNTS.every((account) => sinceSwitch(account) > GRACE_MS + 2_000))
})
afterAll(() => stack?.close())

const accountOf = (name: string) => {
  const account = [...stack.azure.world.accounts.values()].find((each) => each.name === name)
  if (!account) throw new Error(`the seed has no account ${name}`)
  return account
}
const idOf = (name: string) => accountOf(name).id
const keyOf = (name: string, slot: Slot) => accountOf(name).keys[slot].value
const fingerprint = (key: string) => fingerprintOf(Secret.of(key))
const sinceSwitch = (name: string) => Date.now() - (publicationsOf(stack, name).at(-1)?.at ?? 0)
const newestOf = (name: string) => stack.azure.world.vaults.get('keystile-local')?.secrets.get(name)?.versions.at(-1)

/** `regenerated key1`, `published key1`, … since that entry of the journal, in order. */
const eventsOf = (account: string, since: number): string[] =>
  stack.azure.journal
    .since(since)
    .entries.filter((entry: Entry) => entry.event !== undefined && entry.account === account)
    .map(({ event, slot }) => `${event} ${slot}`)
const now = () => stack.azure.journal.since(0).next

const serviceOf = (name: string) => {
  const { kind, location } = accountOf(name)
  return { kind, region: location.toLowerCase().replaceAll(' ', '') }
}
const use = (name: string, key: string) => callService(serviceOf(name), { kind: 'key', key })

async function post(path: string, body?: object): Promise<{ status: number; location: string | null; body: unknown }> {
  const answer = await fetch(`${stack.rotator.url}/api/accounts/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${operator}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  return { status: answer.status, location: answer.headers.get('location'), body: await answer.json() }
}

async function send(queue: string, message: object): Promise<void> {
  const service = QueueServiceClient.fromConnectionString(stack.storage.connectionString)
  const client = service.getQueueClient(queue)
  await client.sendMessage(Buffer.from(JSON.stringify(message)).toString('base64'))
}

interface RunRecord {
  readonly account?: string
  readonly request?: string
  readonly kind?: string
  readonly code?: string
  readonly attempt?: number
  readonly did?: readonly string[]
}

/** The audit records of runs of one account, from that line on. */
function recordsOf(account: string, fromLine: number): RunRecord[] {
  return stack.lines.slice(fromLine).flatMap((line) => {
    const [, json] = /rotation\.(?:checked|failed) (\{.*\})/.exec(line) ?? []
    const record: RunRecord = json ? JSON.parse(json) : {}
    return record.account === idOf(account) ? [record] : []
  })
}

const isDone = (account: string, request: string, fromLine: number) => () =>
  recordsOf(account, fromLine).some((record) => record.request === request && record.kind === 'done')

describe('rotate', () => {
  test('a dry run answers the plan, and nothing happens', async () => {
    const since = now()
    const answer = await post('speech-west/rotate?dryRun=true')
    expect(answer).toMatchObject({ status: 200, body: { plan: { kind: 'rotate', slot: 'key1' } } })
    expect(eventsOf('speech-west', since)).toEqual([])
  })

  test('is taken at once, and done soon after; inside grace it is refused, with the time when it will not be', async () => {
    const [since, line] = [now(), stack.lines.length]
    const answer = await post('speech-west/rotate')
    expect(answer).toMatchObject({ status: 202, location: '/api/accounts/speech-west' })
    expect(answer.body).toMatchObject({ plan: { kind: 'rotate', slot: 'key1' } })
    await until('the rotation is done', isDone('speech-west', 'rotate', line), DONE_MS)
    expect(eventsOf('speech-west', since)).toEqual(['regenerated key1', 'published key1'])

    const again = await post('speech-west/rotate')
    expect(again).toMatchObject({ status: 409, body: { code: 'in_grace', until: expect.stringMatching(/Z$/) } })
    const { created = 0 } = newestOf('speech-west') ?? {}
    const { until: end } = again.body as { until: string }
    expect(Date.parse(end)).toBe((created + 1) * 1_000 + GRACE_MS)
    expect(eventsOf('speech-west', since)).toEqual(['regenerated key1', 'published key1'])
  })

  test('the same message three times, and once more when grace is over: one regenerate', async () => {
    const [since, line] = [now(), stack.lines.length]
    const message = {
      account: idOf('multi-east'),
      request: { kind: 'rotate', live: fingerprint(keyOf('multi-east', 'key2')) },
    }
    for (let copy = 0; copy < 3; copy += 1) await send('keystile-requests', message)
    const done = () =>
      recordsOf('multi-east', line).filter(({ request, kind }) => request === 'rotate' && kind === 'done').length
    await until('all three are done', () => done() >= 3, DONE_MS)
    await until('grace is over', () => sinceSwitch('multi-east') > GRACE_MS + 2_000)
    await send('keystile-requests', message)
    await until('the late one is done', () => done() >= 4, DONE_MS)
    expect(eventsOf('multi-east', since)).toEqual(['regenerated key1', 'published key1'])
  })
})

describe('revoke', () => {
  test('the live key: callers are moved off it, then it dies', async () => {
    const [since, line] = [now(), stack.lines.length]
    const [doomed, spared] = [keyOf('translator-global', 'key2'), keyOf('translator-global', 'key1')]
    const answer = await post('translator-global/revoke', { slots: 'live' })
    expect(answer).toMatchObject({ status: 202, body: { plan: { kind: 'publish', slot: 'key1' } } })
    await until('the revoke is done', isDone('translator-global', 'revoke', line), DONE_MS)
    expect(eventsOf('translator-global', since)).toEqual(['published key1', 'regenerated key2'])
    expect(newestOf('translator-global')?.value).toBe(spared)
    expect([await use('translator-global', doomed), await use('translator-global', spared)]).toEqual([401, 200])
  })

  test('the idle key: it dies, and callers are left where they are', async () => {
    const [since, line] = [now(), stack.lines.length]
    const [live, doomed] = [keyOf('translator-north', 'key2'), keyOf('translator-north', 'key1')]
    expect((await post('translator-north/revoke', { slots: 'idle' })).status).toBe(202)
    await until('the revoke is done', isDone('translator-north', 'revoke', line), DONE_MS)
    expect(eventsOf('translator-north', since)).toEqual(['regenerated key1'])
    expect(newestOf('translator-north')?.value).toBe(live)
    expect([await use('translator-north', doomed), await use('translator-north', live)]).toEqual([401, 200])
  })

  test('both keys: the idle one dies and its successor is published before the live one dies, inside grace as well', async () => {
    const [since, line] = [now(), stack.lines.length]
    const doomed = [keyOf('vision-west', 'key1'), keyOf('vision-west', 'key2')]
    expect((await post('vision-west/revoke', { slots: 'both' })).status).toBe(202)
    await until('the revoke is done', isDone('vision-west', 'revoke', line), DONE_MS)
    expect(eventsOf('vision-west', since)).toEqual(['regenerated key1', 'published key1', 'regenerated key2'])
    expect(newestOf('vision-west')?.value).toBe(keyOf('vision-west', 'key1'))
    for (const key of doomed) expect(await use('vision-west', key)).toBe(401)
    expect(await use('vision-west', keyOf('vision-west', 'key1'))).toBe(200)
  })

  test('after somebody disabled the newest version: the stopped key dies, and the other one is published', async () => {
    const doomedSlot = newestOf('translator-global')?.tags.CredentialId as Slot
    const [since, line, doomed] = [now(), stack.lines.length, keyOf('translator-global', doomedSlot)]
    await human(stack.azure).enable('translator-global', false)
    const answer = await post('translator-global/revoke', { slots: 'live' })
    expect(answer).toMatchObject({ status: 202, body: { plan: { kind: 'publish' } } })
    await until('the revoke is done', isDone('translator-global', 'revoke', line), DONE_MS)
    const spared = doomedSlot === 'key1' ? 'key2' : 'key1'
    expect(eventsOf('translator-global', since)).toEqual([`published ${spared}`, `regenerated ${doomedSlot}`])
    expect(await use('translator-global', doomed)).toBe(401)
  })

  test('lasts while ARM answers 403, then 503 and nothing is known of the lease: done in the end', async () => {
    const [since, line] = [now(), stack.lines.length]
    const doomed = keyOf('speech-west', 'key1')
    stack.azure.faults.add({ route: 'arm.regenerateKey', kind: 'status', status: 403 })
    stack.azure.faults.add({ route: 'arm.regenerateKey', kind: 'status', status: 503 })
    expect((await post('speech-west/revoke', { slots: 'live' })).status).toBe(202)
    const codes = () => recordsOf('speech-west', line).flatMap(({ code }) => code ?? [])
    await until('the regenerate was refused', () => codes().includes('upstream_refused'), DONE_MS)
    await until('the regenerate was not answered', () => codes().includes('upstream_unreachable'), DONE_MS)
    expect([await use('speech-west', doomed), isDone('speech-west', 'revoke', line)()]).toEqual([200, false])
    // Nobody gave the lease back. An operator need not wait for its end; the quarantine is kept all the same.
    await BlobServiceClient.fromConnectionString(stack.storage.connectionString)
      .getContainerClient('keystile-leases')
      .getBlobClient('keystile-local.vault.azure.net/speech-west')
      .getBlobLeaseClient()
      .breakLease(0)
    await until('the revoke is done', isDone('speech-west', 'revoke', line), DONE_MS)
    expect(eventsOf('speech-west', since)).toEqual(['published key2', 'regenerated key1'])
    expect([await use('speech-west', doomed), await use('speech-west', newestOf('speech-west')?.value ?? '')]).toEqual([
      401, 200,
    ])
  })
})

test('a revoke on the queue of checks is a check', async () => {
  const [since, line] = [now(), stack.lines.length]
  const kill = [fingerprint(keyOf('multi-east', 'key1')), fingerprint(keyOf('multi-east', 'key2'))]
  await send('keystile-checks', { account: idOf('multi-east'), request: { kind: 'revoke', kill }, attempt: 7 })
  const seen = await until('it was looked at', () => recordsOf('multi-east', line).find(({ attempt }) => attempt === 7))
  expect([seen.request, seen.did]).toEqual(['check', []])
  expect(eventsOf('multi-east', since)).toEqual([])
})

test('a request that does not parse is parked in the poison queue, and the log names the field', async () => {
  const service = QueueServiceClient.fromConnectionString(stack.storage.connectionString)
  const poison = service.getQueueClient('keystile-requests-poison')
  const parked = await until(
    'it is parked',
    async () => {
      if (!(await poison.exists())) return undefined
      const { peekedMessageItems } = await poison.peekMessages({ numberOfMessages: 32 })
      return peekedMessageItems.length > 0 && peekedMessageItems
    },
    60_000,
  )
  const texts = parked.map(({ messageText }) => Buffer.from(messageText, 'base64').toString())
  expect(texts).toEqual([JSON.stringify({ account: idOf('speech-west'), request: { kind: 'rotate', live: MARK } })])
  const lines = stack.lines.filter((line) => line.includes('the message does not fit'))
  expect(
    lines.filter((line) => line.includes('message_invalid') && line.includes('request.live')).length,
  ).toBeGreaterThan(0)
  expect(stack.lines.filter((line) => line.includes(MARK))).toEqual([])
})

test('a revoke that was parked is put back by hand, raises its alarm while it is late, and is done', async () => {
  const [since, line] = [now(), stack.lines.length]
  const doomed = keyOf('translator-north', 'key1')
  stack.azure.faults.add({ route: 'arm.regenerateKey', kind: 'status', status: 403 })
  const request = { kind: 'revoke', kill: [fingerprint(doomed)] }
  const askedAt = new Date(Date.now() - 3_600_000).toISOString()
  await send('keystile-requests-poison', { account: idOf('translator-north'), request, askedAt })
  const { code, out } = await poison(['retry', '--all'], { AzureWebJobsStorage: stack.storage.connectionString })
  expect([code, out]).toEqual([
    0,
    expect.stringMatching(/: revoke of 1 key of translator-north .*\n1 message put back, 1 left\n$/),
  ])
  await until('the revoke is done', isDone('translator-north', 'revoke', line), DONE_MS)
  expect(eventsOf('translator-north', since)).toEqual(['regenerated key1'])
  const alarms = stack.lines.slice(line).filter((each) => each.includes('revoke.overdue'))
  expect(alarms.length).toBeGreaterThan(0)
  const fields = { account: idOf('translator-north'), keys: 1, since: askedAt, attempt: 0, reason: 'upstream_refused' }
  expect(alarms[0]).toContain(`error carryOutRequest revoke.overdue ${JSON.stringify(fields)}`)
})
