// What an operator sees of accounts at the edges: without keys, without a policy, twice in the list, half a record.

import { publicCloud } from '../../src/common/cloud.ts'
import { tag } from '../../src/common/record.ts'
import type { Account, SecretState } from '../../src/rotation/ports.ts'
import { getStatus, listStatus, type StatusDeps } from '../../src/rotation/status.ts'
import { readNote } from '../../src/rotation/status-note.ts'
import { armWith, fleetSettings, idOf, named, SUBSCRIPTION, throttled, vaultWith, versions } from '../support/fleet.ts'
import { account, foreign, ID, published } from '../support/rotation.ts'
import { testClock } from '../support/rotation-world.ts'

const [HOUR, DAY] = [3_600_000, 86_400_000]
const AT = '2026-01-01T00:00:00Z'

function scene(
  fleet: readonly Account[],
  secrets: Parameters<typeof vaultWith>[0],
  notes: Record<string, object> = {},
): StatusDeps {
  const vault = vaultWith(secrets)
  return {
    accounts: armWith({ [SUBSCRIPTION]: fleet }),
    store: vault,
    records: vault,
    notes: { read: async (name) => notes[name] },
    settings: fleetSettings(),
    policy: {
      rotateEveryMs: 30 * DAY,
      graceMs: 2 * DAY,
      minGraceMs: DAY,
      minRotateEveryMs: 0,
      maxRotateEveryMs: 90 * DAY,
    },
    clock: testClock('2026-01-20T00:00:00Z'),
    checkEveryMs: HOUR,
    cloud: publicCloud,
  }
}

const base = {
  account: 'speech-west',
  id: ID,
  kind: 'SpeechServices',
  region: 'westus2',
  held: false,
  drift: [],
  warnings: [],
}
const statusOf = async (secret: SecretState, of: Account = account()) =>
  (await listStatus(scene([of], { 'speech-west': secret }))()).accounts[0]
const keyless = published(AT, 'key1', 'x', { tags: { [tag.credentialId]: 'none', [tag.fingerprint]: '' } })

test('an account without keys whose record says so is managed, with no live slot and no date', async () => {
  expect(await statusOf(versions(keyless), account({ localAuthDisabled: true }))).toStrictEqual({
    ...base,
    state: 'managed',
  })
})

test('an account whose policy is refused has a live slot, and no date that would not hold', async () => {
  const of = account({ tags: { keystile: 'rotate', 'keystile-grace': 'PT1S' } })
  expect(await statusOf(versions(published(AT, 'key1', 'first key')), of)).toStrictEqual({
    ...base,
    state: 'managed',
    liveSlot: 'key1',
    since: '2026-01-01T00:00:01.000Z',
    badPolicy: 'keystile-grace is below the least allowed',
  })
})

test('an account whose secret cannot be read has nothing told of it but what ARM tells', async () => {
  const { accounts } = await listStatus(scene([account()], { 'speech-west': throttled }))()
  expect(accounts).toStrictEqual([{ ...base, state: 'unknown' }])
})

test('a bug of ours is not taken for a vault that does not answer', async () => {
  const deps = scene([account()], {})
  const read = () => Promise.reject(new TypeError('a bug'))
  await expect(listStatus({ ...deps, store: { ...deps.store, read } })()).rejects.toThrow('a bug')
})

test('the list is sorted by name, and by ARM id where two accounts want one', async () => {
  const shared = { keystile: 'rotate', 'keystile-secret': 'mmm' }
  const fleet = [named('zzz'), named('BBB', shared), named('aaa', shared), named('Ccc')]
  for (const order of [fleet, fleet.toReversed()]) {
    const { accounts } = await listStatus(scene(order, {}))()
    expect(accounts.map((row) => [row.account, row.id])).toEqual([
      ['ccc', idOf('Ccc')],
      ['mmm', idOf('aaa')],
      ['mmm', idOf('BBB')],
      ['zzz', idOf('zzz')],
    ])
  }
})

test('the newer of an account’s dates is its interval, also where grace is shorter by a millisecond or so', async () => {
  const of = account({ tags: { keystile: 'rotate', 'keystile-rotate-every': 'P3D', 'keystile-grace': 'P2D' } })
  const secret = versions(published('2025-12-01T00:00:00Z', 'key2', 'old'), published(AT, 'key1', 'first key'))
  expect(await statusOf(secret, of)).toMatchObject({
    due: '2026-01-04T00:00:01.000Z',
    graceUntil: '2026-01-03T00:00:01.000Z',
    overdue: true,
  })
})

describe('a record without an account', () => {
  const left = (change: Parameters<typeof published>[3] = {}) =>
    published(AT, 'key2', 'k', { ...change, tags: { [tag.providerAddress]: idOf('left'), ...change.tags } })
  const row = { account: 'left', id: idOf('left'), state: 'unmanaged', held: false, drift: [], warnings: [] }

  test.each<[string, SecretState, object]>([
    ['whole', versions(left()), { kind: 'SpeechServices', region: 'westus2', liveSlot: 'key2' }],
    [
      'without a key',
      versions(left({ tags: { [tag.credentialId]: 'none' } })),
      { kind: 'SpeechServices', region: 'westus2' },
    ],
    [
      'that says little',
      versions(foreign(AT, { [tag.providerAddress]: idOf('left'), [tag.publisher]: 'prod' })),
      { kind: '', region: '' },
    ],
    [
      'disabled',
      versions(left({ enabled: false })),
      { kind: 'SpeechServices', region: 'westus2', liveSlot: 'key2', held: true, drift: ['disabled'] },
    ],
  ])('is told of as it is: %s', async (_what, secret, more) => {
    const deps = scene([], { left: secret })
    expect((await listStatus(deps)()).accounts).toStrictEqual([{ ...row, ...more }])
    expect(await getStatus(deps)('left')).toStrictEqual({ ...row, ...more })
  })

  test('has a last run, too', async () => {
    const note = { at: AT, account: idOf('left'), outcome: { kind: 'failed' }, planned: [], did: [] }
    const deps = scene([], { left: versions(left()) }, { left: note })
    const lastRun = { at: AT, outcome: 'failed', details: {}, planned: [], did: [] }
    expect(await getStatus(deps)('left')).toMatchObject({ lastRun })
  })

  test('is judged by its newest version, in whatever order the vault lists them', async () => {
    const moved = published('2026-01-02T00:00:00Z', 'key1', 'k', { tags: { [tag.publisher]: 'stage' } })
    for (const list of [[left(), moved] as const, [moved, left()] as const])
      expect(await getStatus(scene([], { left: versions(...list) }))('left')).toBeUndefined()
  })
})

describe('a note of the last run', () => {
  test('tells all that an outcome may say beside its kind, as far as it is text', () => {
    const outcome = {
      kind: 'waiting',
      reason: 'a',
      detail: 'b',
      why: 'c',
      until: 'd',
      slot: 'e',
      proof: 'f',
      regenerated: true,
    }
    expect(readNote({ at: AT, account: ID, outcome, planned: ['rotate', 7], did: ['publish key1', null] }, ID)).toEqual(
      {
        at: AT,
        outcome: 'waiting',
        details: { reason: 'a', detail: 'b', why: 'c', until: 'd', slot: 'e', proof: 'f' },
        planned: ['rotate'],
        did: ['publish key1'],
      },
    )
  })

  test('tells nothing that the outcome does not say', () => {
    expect(readNote({ at: AT, account: ID, outcome: { kind: 'busy' } }, ID)).toStrictEqual({
      at: AT,
      outcome: 'busy',
      details: {},
      planned: [],
      did: [],
    })
  })

  test.each([
    ['no outcome', { at: AT, outcome: null }],
    ['an outcome of no kind', { at: AT, outcome: {} }],
    ['no time', { outcome: { kind: 'done' } }],
  ])('with %s is none', (_what, note) => {
    expect(readNote(note, ID)).toBeUndefined()
  })
})
