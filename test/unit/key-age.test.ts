// What a run says of the key that is live: the same as the status.

import { tag } from '../../src/common/record.ts'
import { account, accountId, OTHER_ID, published } from '../support/rotation.ts'
import { rotationWorld } from '../support/rotation-world.ts'

const START = '2026-03-01T12:00:00Z'
/** Two keys of ours, so that the second one was made, and not found. A switch counts from 61 s after its version. */
const rotated = (at: string) => [
  published('2025-11-01T00:00:00Z', 'key1', 'first key'),
  published(at, 'key2', 'second key'),
]
const check = (world: ReturnType<typeof rotationWorld>) => world.check(accountId(), { kind: 'check' })

test('a key that is not due says since when it is live, until when the other is in grace, and when it is due', async () => {
  const world = rotationWorld(START)
  world.versions = rotated('2026-02-20T00:00:00Z')
  expect((await check(world)).live).toEqual({
    since: new Date('2026-02-20T00:01:01Z'),
    graceUntil: new Date('2026-02-22T00:01:01Z'),
    due: new Date('2026-03-22T00:01:01Z'),
    overdue: false,
  })
})

test.each([
  ['is due since an hour, the time between two checks', '2026-01-30T10:58:59Z', false],
  ['is due for longer', '2026-01-30T10:58:58Z', true],
])('a held key that %s: overdue %s', async (_what, at, overdue) => {
  const world = rotationWorld(START)
  world.account = account({ tags: { keystile: 'hold' } })
  world.versions = rotated(at)
  const { outcome, live } = await check(world)
  expect([outcome, live?.overdue]).toEqual([{ kind: 'skipped', reason: 'held' }, overdue])
})

test('a key that is withheld while the old one stays live says how old that is', async () => {
  const world = rotationWorld(START)
  world.versions = rotated('2026-01-01T00:00:00Z')
  world.verdict = () => ({ kind: 'unknown', reason: 'timeout' })
  const { outcome, live } = await check(world)
  expect([outcome.kind, live?.since]).toEqual(['withheld', new Date('2026-01-01T00:01:01Z')])
})

test('an interval that is shorter than grace waits for grace', async () => {
  const world = rotationWorld(START)
  world.account = account({ tags: { keystile: 'rotate', 'keystile-rotate-every': 'PT1H' } })
  world.versions = rotated('2026-03-01T10:00:00Z')
  expect((await check(world)).live?.due).toEqual(new Date('2026-03-03T10:01:01Z'))
})

test.each([
  ['another key was published', rotated('2026-01-01T00:00:00Z'), 'published'],
  [
    "the secret is somebody else's",
    [published('2026-01-01T00:00:00Z', 'key1', 'other key', { tags: { [tag.providerAddress]: OTHER_ID } })],
    'skipped',
  ],
  ['nothing of ours was there', [], 'published'],
])('nothing is said of an age where %s', async (_what, versions, kind) => {
  const world = rotationWorld(START)
  world.versions = versions
  const { outcome, live } = await check(world)
  expect([outcome.kind, live]).toEqual([kind, undefined])
})

test('nothing is said of an age where the record holds no key, while the first one is withheld', async () => {
  const world = rotationWorld(START)
  world.versions = [
    published('2026-01-01T00:00:00Z', 'key1', 'x', { tags: { [tag.credentialId]: 'none', [tag.fingerprint]: '' } }),
  ]
  world.verdict = () => ({ kind: 'unknown', reason: 'timeout' })
  const { outcome, live } = await check(world)
  expect([outcome.kind, live]).toEqual(['withheld', undefined])
})
