// The card's claim on the wire: both apps built, hosted, and started as processes, against the stand-in and Azurite.

import { QueueServiceClient } from '@azure/storage-queue'
import { callService } from '../../local/client.ts'
import { publicationsOf, startTestStack, type TestStack, until } from '../support/stack.ts'

jest.setTimeout(60_000)

let stack: TestStack
beforeAll(async () => {
  stack = await startTestStack({ azure: { switches: { propagationSeconds: 1 } } })
})
afterAll(() => stack?.close())

/** Everything that operators were answered, for the search at the end. */
const answers: string[] = []

const ROTATED = ['speech-west', 'multi-east', 'translator-global', 'translator-north', 'vision-west']

test('a timer alternately regenerates key1 and key2 and updates Key Vault', async () => {
  for (const account of ROTATED) {
    const published = await until(
      `${account} rotates twice`,
      () => {
        const seen = publicationsOf(stack, account)
        return seen.length >= 3 && seen
      },
      40_000,
    )
    const slots = published.map(({ slot }) => slot)
    expect(slots).toEqual(slots.map((_slot, index) => (index % 2 === 0 ? 'key1' : 'key2')))
    expect(published.map(({ worked }) => worked)).toEqual(published.map(() => true))
    expect(new Set(published.map(({ fingerprint }) => fingerprint)).size).toBe(published.length)
  }
  const regenerated = stack.azure.journal.since(0).entries.filter(({ route }) => route === 'arm.regenerateKey')
  expect(regenerated.length).toBeGreaterThanOrEqual(2 * ROTATED.length)
  expect(new Set(regenerated.map(({ principal }) => principal))).toEqual(new Set(['rotator']))
})

test.each([
  ['speech-keyless', 'local-auth-disabled'],
  ['speech-held', 'held'],
  ['speech-ungranted', 'not-granted'],
])('%s is left alone: %s', async (account, reason) => {
  await until('the rotator says so', () =>
    stack.lines.find((line) => line.includes(`accounts/${account}"`) && line.includes(`"reason":"${reason}"`)),
  )
  expect(publicationsOf(stack, account)).toEqual([])
})

test('an account without the tag is not looked at', () => {
  expect(stack.lines.filter((line) => line.includes('accounts/untagged'))).toEqual([])
})

test('an application that only reads its secret holds a working key', async () => {
  const read = async () => {
    const token = await stack.azure.entra.mint({
      kind: 'identity',
      identity: 'app',
      resource: 'https://vault.azure.net',
    })
    const answer = await fetch('https://keystile-local.vault.azure.net/secrets/speech-west?api-version=7.6', {
      headers: { authorization: `Bearer ${token.token}` },
    })
    const body: unknown = await answer.json()
    return body as { value: string; tags: Record<string, string> }
  }
  const { value, tags } = await read()
  expect(await callService({ kind: 'SpeechServices', region: 'westus2' }, { kind: 'key', key: value })).toBe(200)
  expect(tags).toMatchObject({
    Publisher: 'local',
    Kind: 'SpeechServices',
    Region: 'westus2',
    SubDomain: 'speech-west',
  })
})

test('the rotator reads no value, the vendor calls no ARM', async () => {
  const routesOf = (principal: string) =>
    new Set(
      stack.azure.journal
        .since(0)
        .entries.filter((entry) => entry.principal === principal)
        .map(({ route }) => route),
    )
  expect([...routesOf('rotator')].filter((route) => route.startsWith('keyVault.')).sort()).toEqual([
    'keyVault.getDeleted',
    'keyVault.listSecrets',
    'keyVault.listVersions',
    'keyVault.setSecret',
  ])
  expect([...routesOf('vendor')].filter((route) => route.startsWith('arm.'))).toEqual([])
})

test('a message that does not parse is parked in the poison queue, and the log names the field', async () => {
  const service = QueueServiceClient.fromConnectionString(stack.storage.connectionString)
  const text = Buffer.from('{"account":"/marked-account"}').toString('base64')
  await service.getQueueClient('keystile-checks').sendMessage(text, { visibilityTimeout: 0 })
  const line = await until('a line names the field', () => stack.lines.find((each) => each.includes('message_invalid')))
  expect(line).toContain('the message does not fit: account')
  expect(line).not.toContain('marked-account')
})

test('operators see the live slot and when the next rotation is due, and no key', async () => {
  const { token } = await stack.azure.entra.mint({ kind: 'app', caller: 'operator' })
  const ask = async (path: string) => {
    const answer = await fetch(`${stack.rotator.url}/api/accounts${path}`, {
      headers: { authorization: `Bearer ${token}` },
    })
    const body = await answer.text()
    answers.push(body)
    return { status: answer.status, body }
  }
  const one = await ask('/speech-west')
  expect(one.status).toBe(200)
  expect(JSON.parse(one.body)).toMatchObject({
    account: 'speech-west',
    state: 'managed',
    held: false,
    liveSlot: expect.stringMatching(/^key[12]$/),
    due: expect.stringMatching(/^\d{4}-/),
  })
  const all: { accounts: { account: string; state: string }[] } = JSON.parse((await ask('')).body)
  expect(all.accounts.map(({ account, state }) => `${account} ${state}`)).toEqual([
    'multi-east managed',
    'speech-held not-published',
    'speech-keyless local-auth-disabled',
    'speech-ungranted not-published',
    'speech-west managed',
    'translator-global managed',
    'translator-north managed',
    'vision-west managed',
  ])
  expect((await ask('/nobody')).status).toBe(404)
})

test('no key is in any line that the apps wrote, nor in what operators get', () => {
  const text = [...stack.lines, ...answers].join('\n')
  expect([text.length > 1_000, answers.length >= 3]).toEqual([true, true])
  expect(stack.secrets().filter((secret) => text.includes(secret))).toEqual([])
})
