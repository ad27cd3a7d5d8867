// What a run costs upstream, counted on the wire: the built rotator, the host and Azurite. No round is due, so each run
// is one that was asked for here, and every call is its own.

import { QueueClient } from '@azure/storage-queue'
import { demoSeed } from '../support/azure.ts'
import { callsSince, journalEnd } from '../support/calls.ts'
import { secondsPolicy, startTestStack, type TestStack, until } from '../support/stack.ts'

jest.setTimeout(90_000)

/** Due whenever it is looked at; the other accounts are not for a month. */
const DUE = 'speech-west'

interface Run {
  readonly kind: string
  readonly calls: Readonly<Record<string, number>>
}

let stack: TestStack
beforeAll(async () => {
  const seed = demoSeed()
  const tags = { keystile: 'rotate', 'keystile-rotate-every': 'PT1S', 'keystile-grace': 'PT1S' }
  stack = await startTestStack({
    seed: {
      ...seed,
      accounts: seed.accounts.map((account) => (account.name === DUE ? { ...account, tags } : account)),
    },
    rotator: {
      ...secondsPolicy,
      KEYSTILE_SCHEDULE: '0 0 0 29 2 *',
      KEYSTILE_ROTATE_EVERY: 'P30D',
      KEYSTILE_GRACE: 'P2D',
    },
  })
  // The first run of a process fetches tokens of its identity, too.
  expect((await check(DUE)).kind).toBe('published')
})
afterAll(() => stack?.close())

const totalOf = ({ calls }: Run) => Object.values(calls).reduce((sum, count) => sum + count, 0)

/** Asks for one check, and waits until it is over. */
async function check(name: string): Promise<Run> {
  const account = [...stack.azure.world.accounts.values()].find((each) => each.name === name)?.id
  const [since, line] = [journalEnd(stack), stack.lines.length]
  const queue = new QueueClient(stack.storage.connectionString, 'keystile-checks')
  await queue.sendMessage(Buffer.from(JSON.stringify({ account })).toString('base64'))
  const json = await until(
    `${name} is checked`,
    () => stack.lines.slice(line).flatMap((each) => /rotation\.\w+ (\{.*\})/.exec(each)?.[1] ?? [])[0],
  )
  const { kind }: { kind: string } = JSON.parse(json)
  return { kind, calls: callsSince(stack, since) }
}

test('a rotation takes ten calls', async () => {
  const run = await until('grace is over', async () => {
    const run = await check(DUE)
    return run.kind === 'published' && run
  })
  expect(run.calls).toEqual({
    'arm.getAccount': 1,
    'arm.listKeys': 1,
    'arm.regenerateKey': 1,
    // For the plan, right before the publish, and to read it back.
    'keyVault.listVersions': 3,
    'keyVault.setSecret': 1,
    'sts.issueToken': 3,
  })
  expect(totalOf(run)).toBe(10)
})

test('an adoption regenerates nothing, and looks whether a secret that is not there was deleted', async () => {
  expect(await check('multi-east')).toEqual({
    kind: 'published',
    calls: {
      'arm.getAccount': 1,
      'arm.listKeys': 1,
      'keyVault.getDeleted 404': 2,
      'keyVault.listVersions': 3,
      'keyVault.setSecret': 1,
      'sts.issueToken': 3,
    },
  })
})

test('a check of an account that is not due takes three calls', async () => {
  await check('translator-global')
  expect(await check('translator-global')).toEqual({
    kind: 'waiting',
    calls: { 'arm.getAccount': 1, 'arm.listKeys': 1, 'keyVault.listVersions': 1 },
  })
})
