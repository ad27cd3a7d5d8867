import { InvocationContext } from '@azure/functions'
import { AppError } from '../../src/common/errors.ts'
import { checkAccountHandler } from '../../src/functions/check-account.ts'
import { nearExpiryHandler } from '../../src/functions/near-expiry.ts'
import { accountId, ID } from '../support/rotation.ts'
import { testClock } from '../support/rotation-world.ts'

const VAULT =
  '/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers/Microsoft.KeyVault/vaults'

/** As in Microsoft's page on the schema, with what is odd there: a name with a blank, numbers as text. */
const data = {
  Id: 'https://contoso.vault.azure.net/secrets/speech-west/ee059b2bb5bc48398a53b168c6cdcb10',
  VaultName: 'contoso',
  ObjectType: 'Secret',
  'ObjectName ': 'speech-west',
  Version: ' ee059b2bb5bc48398a53b168c6cdcb10',
  NBF: '1559081980',
  EXP: '1559082102',
}
const gridEvent = {
  id: '00eccf70-95a7-4e7c-8299-2eb17ee9ad64',
  topic: `${VAULT}/contoso`,
  subject: 'speech-west',
  eventType: 'Microsoft.KeyVault.SecretNearExpiry',
  eventTime: '2026-02-01T01:08:33.1036736Z',
  data,
  dataVersion: '1',
  metadataVersion: '1',
}
const cloudEvent = {
  id: '00eccf70-95a7-4e7c-8299-2eb17ee9ad64',
  source: `${VAULT}/contoso`,
  subject: 'speech-west',
  type: 'Microsoft.KeyVault.SecretNearExpiry',
  time: '2026-02-01T01:08:33.1036736Z',
  data,
  specversion: '1.0',
}
const base64 = (body: unknown) => Buffer.from(JSON.stringify(body)).toString('base64')

function invocation() {
  const lines: string[] = []
  const logHandler = (level: string, ...args: unknown[]) => void lines.push(`${level} ${args.join(' ')}`)
  return { lines, context: new InvocationContext({ functionName: 'nearExpiry', logHandler }) }
}

async function run(entry: unknown, send?: () => Promise<void>) {
  const sent: unknown[] = []
  const { lines, context } = invocation()
  const checks = { send: send ?? (async (message: object, delay?: number) => void sent.push([message, delay])) }
  const handler = nearExpiryHandler({ checks, vaultUrl: 'https://contoso.vault.azure.net' })
  const error: unknown = await Promise.resolve(handler(entry, context)).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return { sent, lines, error }
}

test.each([
  ["Event Grid's schema", gridEvent],
  ["Event Grid's schema, in a list", [gridEvent]],
  ["Event Grid's schema, as base64", base64(gridEvent)],
  ["Event Grid's schema, in a list, as base64", base64([gridEvent])],
  ['CloudEvents', cloudEvent],
  ['CloudEvents, as base64', base64(cloudEvent)],
  ['CloudEvents of another version, with no data', { ...cloudEvent, data: undefined, specversion: '1.1' }],
  ['another case and blanks', { ...gridEvent, topic: `${VAULT}/Contoso`.toUpperCase(), subject: ' Speech-West ' }],
])('%s asks for one check, by the name of the secret, and for nothing else', async (_what, entry) => {
  expect(await run(entry)).toEqual({
    sent: [[{ secret: 'speech-west' }, undefined]],
    lines: ['warning event.nearExpiry {"secret":"speech-west"}'],
    error: undefined,
  })
})

test.each([
  ['another vault', { ...gridEvent, topic: `${VAULT}/fabrikam` }, 'other-vault'],
  ['a vault whose name ends like ours', { ...gridEvent, topic: `${VAULT}/not-contoso` }, 'other-vault'],
  ['something below a vault', { ...gridEvent, topic: `${VAULT}/contoso/keys/x` }, 'other-vault'],
  ['another event', { ...gridEvent, eventType: 'Microsoft.KeyVault.SecretNewVersionCreated' }, 'other-event'],
  ['a key, not a secret', { ...cloudEvent, type: 'Microsoft.KeyVault.KeyNearExpiry' }, 'other-event'],
  ['a subject that no secret can be called', { ...gridEvent, subject: 'marked/../name' }, 'no-secret'],
  ['no subject', { ...gridEvent, subject: undefined }, 'unreadable'],
  ['CloudEvents without a version', { ...cloudEvent, specversion: undefined }, 'unreadable'],
  ['a check message', { account: ID }, 'unreadable'],
  ['text', 'marked text', 'unreadable'],
  ['text as base64', base64('marked'), 'unreadable'],
  ['nothing', '', 'unreadable'],
  ['null', null, 'unreadable'],
  ['a number', 7, 'unreadable'],
])('%s is told once, in a word and none of its own, and is done with', async (_what, entry, reason) => {
  expect(await run(entry)).toEqual({
    sent: [],
    lines: [`warning event.ignored {"reason":"${reason}"}`],
    error: undefined,
  })
})

test('what is foreign in a list does not hide what is ours', async () => {
  const { sent, lines } = await run([{ ...gridEvent, topic: `${VAULT}/fabrikam` }, 'marked', gridEvent])
  expect(sent).toEqual([[{ secret: 'speech-west' }, undefined]])
  expect(lines).toEqual([
    'warning event.ignored {"reason":"other-vault"}',
    'warning event.ignored {"reason":"unreadable"}',
    'warning event.nearExpiry {"secret":"speech-west"}',
  ])
})

test('a check that could not be asked for brings the event back', async () => {
  const refused = new AppError('upstream_unreachable', 'put a message on a queue: no answer')
  expect(await run(gridEvent, () => Promise.reject(refused))).toEqual({ sent: [], lines: [], error: refused })
})

test('what it puts on the queue of checks is taken there, and means a check', async () => {
  const asked: unknown[] = []
  const [[message] = []] = (await run(gridEvent)).sent as unknown[][]
  const { context } = invocation()
  await checkAccountHandler({
    find: async (named) => {
      asked.push(named)
      return accountId()
    },
    check: async (_id, request) => {
      asked.push(request)
      return { outcome: { kind: 'done' }, planned: [], did: [] }
    },
    covers: () => false,
    checks: { send: () => Promise.reject(new Error('it put something back')) },
    clock: testClock('2026-02-01T12:00:00Z'),
  })(message, context)
  expect(asked).toEqual([{ secret: 'speech-west' }, { kind: 'check' }])
})
