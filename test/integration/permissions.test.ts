// Least privilege, both ways: every action that infra/roles.json grants is needed, and nothing that is not there is.

import { setTimeout as sleep } from 'node:timers/promises'
import roles from '../../infra/roles.json' with { type: 'json' }
import { actionsOf } from '../../local/azure/authorisation.ts'
import { startTestAzure, type TestAzure } from '../support/azure.ts'
import { human } from '../support/drift-human.ts'
import { accountId } from '../support/rotation.ts'
import { wired } from '../support/wired.ts'

jest.setTimeout(60_000)

let azure: TestAzure
beforeEach(async () => {
  azure = await startTestAzure()
})
afterEach(() => azure.close())

const SPEECH =
  '/subscriptions/5b0d0c53-9a1e-4c57-8f57-6f0b7a1c0001/resourceGroups/ai/providers/Microsoft.CognitiveServices/accounts/speech-west'

const KEYLESS = SPEECH.replace('speech-west', 'speech-keyless')

/**
 * The whole job: discover, adopt, rotate, vend; vend although somebody broke the live key; lose the secret, recover it;
 * vend without a key. @returns what went wrong, in order.
 */
async function wholeJob(): Promise<string[]> {
  const speech = accountId(SPEECH)
  const hands = human(azure)
  const { discover, check: run, vend } = wired(azure, { keyless: [KEYLESS] })
  const check = async () => (await run(speech, { kind: 'check' })).outcome
  const wrong: string[] = []
  const attempt = async (what: string, expected: unknown, work: () => Promise<unknown>) => {
    const outcome = await work().catch((error: unknown) => ({ error: error instanceof Error ? error.message : error }))
    try {
      expect(outcome).toMatchObject(expected as object)
    } catch {
      wrong.push(what)
    }
  }
  await attempt('discover', { failed: [] }, discover)
  await attempt('adopt', { kind: 'published', slot: 'key1' }, check)
  // The switch is a second after the second in which the version was made.
  await sleep(2_000)
  await attempt('rotate', { kind: 'published', slot: 'key2' }, check)
  await attempt('vend', { kind: 'issued' }, async () => vend('speech-west'))
  await hands.regenerate(speech, 'key2')
  await attempt('fail over', { kind: 'issued' }, async () => wired(azure).vend('speech-west'))
  await hands.deleteSecret('speech-west').catch(() => undefined)
  await attempt('recover', { kind: 'recovering' }, check)
  await run(accountId(KEYLESS), { kind: 'check' }).catch(() => undefined)
  await attempt('vend without a key', { kind: 'issued' }, async () => vend('speech-keyless'))
  return wrong
}

/** Takes one action away from everything that an identity was granted. */
function take(identityName: string, action: string): void {
  const identity = azure.world.seed.identities.find(({ name }) => name === identityName)
  if (!identity) throw new Error(`no identity ${identityName}`)
  identity.grants = identity.grants.map((grant) => ({
    scope: grant.scope,
    actions: ('role' in grant ? actionsOf(grant.role) : grant.actions).filter((each) => each !== action),
  }))
}

const [ADOPT, ROTATE, VEND, OVER, RECOVER] = ['adopt', 'rotate', 'vend', 'fail over', 'recover']
const KEYLESSLY = 'vend without a key'
const rows: [string, string, string[]][] = [
  ['rotator', 'Microsoft.CognitiveServices/accounts/read', ['discover', ADOPT, ROTATE, VEND, OVER, RECOVER, KEYLESSLY]],
  ['rotator', 'Microsoft.CognitiveServices/accounts/listKeys/action', [ADOPT, ROTATE, VEND, OVER, RECOVER]],
  ['rotator', 'Microsoft.CognitiveServices/accounts/regenerateKey/action', [ROTATE]],
  ['rotator', 'Microsoft.KeyVault/vaults/secrets/setSecret/action', [ADOPT, ROTATE, VEND, OVER, RECOVER, KEYLESSLY]],
  ['rotator', 'Microsoft.KeyVault/vaults/secrets/readMetadata/action', [ADOPT, ROTATE, VEND, OVER, RECOVER, KEYLESSLY]],
  ['rotator', 'Microsoft.KeyVault/vaults/secrets/recover/action', [RECOVER]],
  ['vendor', 'Microsoft.KeyVault/vaults/secrets/getSecret/action', [VEND, OVER, KEYLESSLY]],
  ['vendor', 'Microsoft.KeyVault/vaults/secrets/readMetadata/action', [OVER]],
  ['vendor', 'Microsoft.CognitiveServices/*', [KEYLESSLY]],
]

test('with what infra/roles.json grants, the whole job is done', async () => {
  expect(await wholeJob()).toEqual([])
})

test.each(rows)('a %s without %s cannot %j', async (identity, action, wrong) => {
  take(identity, action)
  expect(await wholeJob()).toEqual(wrong)
})

test('no action is granted that this table does not take away', () => {
  const granted = Object.entries(roles).flatMap(([identity, scopes]) =>
    Object.values(scopes)
      .flat()
      .map((action) => `${identity} ${action}`),
  )
  expect(granted.sort()).toEqual(rows.map(([identity, action]) => `${identity} ${action}`).sort())
})
