// What is read of an account, in which cases, and how one that cannot be looked at ends.

import { account, accountId, current, OTHER_ID, published } from '../support/rotation.ts'
import { type RotationWorld, rotationWorld, runCheck } from '../support/rotation-world.ts'

const START = '2026-02-01T12:00:00Z'

/** Lists what was read. */
function watched(world: RotationWorld): string[] {
  const reads: string[] = []
  world.before = (step) => void reads.push(step)
  return reads
}

test.each([
  ['is gone', 'gone', 'account-gone'],
  ['may not be read', 'refused', 'not-granted'],
] as const)('an account that %s is left alone, and its keys are not asked for', async (_what, answer, reason) => {
  const world = rotationWorld(START)
  world.account = answer
  const reads = watched(world)
  expect(await runCheck(world)).toStrictEqual({ kind: 'skipped', reason })
  expect([reads, world.log]).toEqual([['read'], []])
})

test('a revoke of an account that may not be read right now is not taken for one whose account is gone', async () => {
  const world = rotationWorld(START)
  world.account = 'refused'
  const { outcome } = await world.check(accountId(), { kind: 'revoke', kill: [current.key1] })
  expect(outcome).toStrictEqual({ kind: 'skipped', reason: 'not-granted' })
})

test('the keys of an account that takes none are not asked for', async () => {
  const world = rotationWorld(START)
  world.account = account({ localAuthDisabled: true })
  const reads = watched(world)
  expect(await runCheck(world)).toStrictEqual({ kind: 'skipped', reason: 'local-auth-disabled' })
  expect(reads).toEqual(['read'])
})

test('why an account is left alone is told where there is more to say', async () => {
  const world = rotationWorld(START)
  world.account = account({ provisioningState: 'Creating' })
  expect(await runCheck(world)).toStrictEqual({ kind: 'skipped', reason: 'not-settled', detail: 'Creating' })
})

test('the deleted record of an account that was moved is known by its key, and asked back', async () => {
  const world = rotationWorld(START)
  const tags = { ProviderAddress: OTHER_ID }
  world.deletedTags = published('2026-01-20T00:00:00Z', 'key1', 'first key', { tags }).tags
  expect(await runCheck(world)).toEqual({ kind: 'recovering' })
  expect(world.log).toEqual(['recover'])
})

test('a deleted secret without a date is asked back if it is the account’s, and left alone if it is nobody’s', async () => {
  const world = rotationWorld(START)
  world.deletedTags = { CredentialId: 'key1', ProviderAddress: accountId().id }
  expect(await runCheck(world)).toEqual({ kind: 'recovering' })
  world.deletedTags = { CredentialId: 'key1' }
  expect(await runCheck(world)).toMatchObject({ kind: 'skipped', reason: 'secret_not_ours' })
  expect(world.log).toEqual(['recover'])
})

test('a secret that was asked back is in the report', async () => {
  const world = rotationWorld(START)
  world.deletedTags = published(START, 'key1', 'first key').tags
  expect((await world.check(accountId(), { kind: 'check' })).did).toEqual(['recover'])
})

test('the secret is the one that the account’s tag names, as far as the account can be read', async () => {
  const asked: string[] = []
  const world = rotationWorld(START, {
    secretNameOf: (_id, tags) => tags['keystile-secret'] ?? 'speech-west',
    lease: {
      acquire: async (name) => {
        asked.push(name)
        return { kind: 'busy' }
      },
    },
  })
  world.account = account({ tags: { keystile: 'rotate', 'keystile-secret': 'shared' } })
  await runCheck(world)
  world.account = 'gone'
  await runCheck(world)
  expect(asked).toEqual(['shared', 'speech-west'])
})

test.each([
  ['the lease is taken', { lease: { acquire: async () => ({ kind: 'busy' as const }) } }, { kind: 'busy' }],
  ['no secret can be called so', { secretNameOf: () => '' }, { kind: 'skipped', reason: 'bad-secret-name' }],
])('where %s, nothing was planned and nothing done', async (_what, change, outcome) => {
  const report = await rotationWorld(START, change).check(accountId(), { kind: 'check' })
  expect(report).toStrictEqual({ outcome, planned: [], did: [] })
})
