import { type Cloud, chinaCloud, publicCloud } from '../../src/common/cloud.ts'
import { AppError } from '../../src/common/errors.ts'
import { tag } from '../../src/common/record.ts'
import type { Account, SecretState } from '../../src/rotation/ports.ts'
import { getStatus, listStatus, type StatusDeps } from '../../src/rotation/status.ts'
import { readNote } from '../../src/rotation/status-note.ts'
import {
  armWith,
  denied,
  fleetSettings,
  idOf,
  named,
  OTHER,
  SUBSCRIPTION,
  throttled,
  vaultWith,
  versions,
} from '../support/fleet.ts'
import { account, foreign, ID, OTHER_ID, published } from '../support/rotation.ts'
import { testClock } from '../support/rotation-world.ts'

const [HOUR, DAY] = [3_600_000, 86_400_000]

interface Scene {
  readonly fleet?: Parameters<typeof armWith>[0]
  readonly secrets?: Parameters<typeof vaultWith>[0]
  readonly notes?: Readonly<Record<string, object>>
  readonly now?: string
  readonly settings?: Parameters<typeof fleetSettings>[0]
  readonly cloud?: Cloud
}

function scene({
  fleet,
  secrets,
  notes = {},
  now = '2026-01-20T00:00:00Z',
  settings,
  cloud = publicCloud,
}: Scene): StatusDeps {
  const vault = vaultWith(secrets)
  return {
    accounts: armWith(fleet ?? { [SUBSCRIPTION]: [account()] }),
    store: vault,
    records: vault,
    notes: { read: async (name) => notes[name] },
    settings: fleetSettings(settings),
    policy: {
      rotateEveryMs: 30 * DAY,
      graceMs: 2 * DAY,
      minGraceMs: DAY,
      minRotateEveryMs: 0,
      maxRotateEveryMs: 365 * DAY,
    },
    clock: testClock(now),
    checkEveryMs: HOUR,
    cloud,
  }
}

/** The status of the one account of the scene: the list and the single answer must agree. */
async function statusOf(secret: SecretState, of: Account = account(), more: Scene = {}) {
  const deps = scene({ fleet: { [SUBSCRIPTION]: [of] }, secrets: { 'speech-west': secret }, ...more })
  const { accounts, failed } = await listStatus(deps)()
  const [status, ...others] = accounts.filter(({ id }) => id === of.id)
  expect([others, failed]).toEqual([[], []])
  expect(await getStatus(deps)('speech-west')).toEqual(status)
  return status
}

const before = published('2025-12-01T00:00:00Z', 'key2', 'old')
const live = (change: Parameters<typeof published>[3] = {}) =>
  published('2026-01-01T00:00:00Z', 'key1', 'first key', change)
const rotated = versions(before, live())
const base = {
  account: 'speech-west',
  id: ID,
  kind: 'SpeechServices',
  region: 'westus2',
  held: false,
  drift: [],
  warnings: [],
}

test('an account that is well: its live slot, since when, when it is due, and until when the old key lives', async () => {
  expect(await statusOf(rotated)).toEqual({
    ...base,
    state: 'managed',
    liveSlot: 'key1',
    since: '2026-01-01T00:00:01.000Z',
    due: '2026-01-31T00:00:01.000Z',
    overdue: false,
    graceUntil: '2026-01-03T00:00:01.000Z',
  })
})

test('a region that is not on the list of token exchanges is warned of, managed or not', async () => {
  const warnings = ['token_exchange_not_documented']
  const far = account({ place: { region: 'japanwest' } })
  expect(await statusOf(rotated, far)).toMatchObject({ state: 'managed', warnings })
  expect(await statusOf(rotated, far, { cloud: chinaCloud })).toMatchObject({ warnings: [] })
  const record = versions(live({ tags: { [tag.providerAddress]: idOf('left'), [tag.region]: 'Japan West' } }))
  expect(await getStatus(scene({ secrets: { left: record } }))('left')).toMatchObject({ state: 'unmanaged', warnings })
})

test.each([
  ['2026-01-31T00:00:01Z', false],
  ['2026-01-31T01:00:01Z', false],
  ['2026-01-31T01:00:01.001Z', true],
])('at %s, an account that is due at 00:00:01 and looked at hourly is overdue: %s', async (now, overdue) => {
  expect(await statusOf(rotated, account(), { now })).toMatchObject({ overdue })
})

test('an adopted key is due when grace is over, and a long grace puts off the date', async () => {
  expect(await statusOf(versions(live()))).toMatchObject({ due: '2026-01-03T00:00:01.000Z', overdue: true })
  const patient = account({ tags: { keystile: 'rotate', 'keystile-grace': 'P60D' } })
  expect(await statusOf(rotated, patient)).toMatchObject({ due: '2026-03-02T00:00:01.000Z' })
})

test.each<[string, string, SecretState, Account, object]>([
  ['no secret yet', 'not-published', versions(), account(), {}],
  ['a pause by tag', 'not-published', versions(), account({ tags: { keystile: 'hold' } }), { held: true }],
  ['no local authentication', 'local-auth-disabled', versions(), account({ localAuthDisabled: true }), {}],
  [
    'a policy out of bounds',
    'not-published',
    versions(),
    account({ tags: { keystile: 'rotate', 'keystile-grace': 'PT1S' } }),
    { badPolicy: 'keystile-grace is below the least allowed' },
  ],
  [
    'somebody else’s secret',
    'foreign',
    versions(foreign('2026-01-01T00:00:00Z')),
    account(),
    { refused: { reason: 'secret_not_ours' } },
  ],
  [
    'the record of another account',
    'foreign',
    versions(live({ tags: { [tag.providerAddress]: OTHER_ID } })),
    account(),
    { refused: { reason: 'secret_not_ours', owner: OTHER_ID } },
  ],
  [
    'the record of another deployment',
    'foreign',
    versions(live({ tags: { [tag.publisher]: 'stage' } })),
    account(),
    { refused: { reason: 'other_publisher', owner: 'stage' } },
  ],
  [
    'somebody else’s deleted secret',
    'foreign',
    { kind: 'deleted', tags: {} },
    account(),
    { refused: { reason: 'secret_not_ours' } },
  ],
  ['its deleted secret', 'deleted', { kind: 'deleted', tags: live().tags }, account(), { drift: ['deleted'] }],
  [
    'a secret by the convention of the tutorial',
    'adoptable',
    versions(foreign('2026-01-01T00:00:00Z', { CredentialId: 'key1', ProviderAddress: ID })),
    account(),
    { drift: ['not-ours'] },
  ],
  [
    'such a secret, changed since',
    'adoptable',
    versions({
      ...foreign('2026-01-01T00:00:00Z', { CredentialId: 'key1', ProviderAddress: ID }),
      updatedAt: new Date('2026-01-05T00:00:00Z'),
    }),
    account(),
    { drift: ['not-ours'] },
  ],
  [
    'an edited newest version',
    'adoptable',
    versions(before, live({ updatedAt: '2026-01-05T00:00:00Z' })),
    account(),
    { drift: ['edited'] },
  ],
  [
    'a newest version with copied tags',
    'adoptable',
    versions(before, live({ tags: { [tag.publishedAt]: '2025-12-01T00:00:00Z' } })),
    account(),
    { drift: ['not-ours'] },
  ],
  [
    'a disabled newest version',
    'managed',
    versions(before, live({ enabled: false, updatedAt: '2026-01-05T00:00:00Z' })),
    account(),
    { held: true, drift: ['disabled'] },
  ],
  [
    'two newest versions',
    'adoptable',
    versions(live(), published('2026-01-01T00:00:00Z', 'key2', 'second key')),
    account(),
    { drift: ['tied'] },
  ],
])('%s: %s', async (_what, state, secret, of, more) => {
  expect(await statusOf(secret, of)).toEqual({ ...base, state, ...more })
})

test.each<[string, Parameters<typeof account>[0], string[]]>([
  ['another region', { place: { region: 'eastus', subDomain: 'speech-west' } }, ['region']],
  ['another subdomain', { place: { region: 'westus2' } }, ['subdomain']],
  ['another kind', { kind: 'AIServices' }, ['kind']],
  ['no local authentication', { localAuthDisabled: true }, ['local-auth']],
])('an account that has %s now than what is published', async (_what, change, drift) => {
  const of = account(change)
  expect(await statusOf(rotated, of)).toMatchObject({ state: 'managed', liveSlot: 'key1', drift })
})

test('a record that a setting lets this account take over is no refusal, and tells what differs', async () => {
  const theirs = versions(before, live({ tags: { [tag.providerAddress]: OTHER_ID } }))
  const settings = { takeOver: new Map([[ID.toLowerCase(), 'speech-west']]) }
  const status = await statusOf(theirs, account(), { settings })
  expect(status).toMatchObject({ state: 'managed', drift: ['id'] })
  expect(status).not.toHaveProperty('refused')
  const deps = scene({ secrets: { 'speech-west': theirs }, settings })
  expect((await listStatus(deps)()).accounts).toHaveLength(1)
})

describe('two accounts of one name', () => {
  const [alpha, beta] = [named('alpha', { keystile: 'rotate', 'keystile-secret': 'shared' }), named('shared')]
  const both = { [SUBSCRIPTION]: [beta, alpha] }
  const rows = async (secret: SecretState) => {
    const deps = scene({ fleet: both, secrets: { shared: secret } })
    const { accounts } = await listStatus(deps)()
    expect(await getStatus(deps)('shared')).toMatchObject({ id: accounts.find(({ refused }) => !refused)?.id })
    return accounts.map(({ id, state, refused }) => [id, state, refused])
  }

  test('both are listed: one gets it, the other is told who', async () => {
    expect(await rows(versions())).toEqual([
      [alpha.id, 'not-published', undefined],
      [beta.id, 'not-published', { reason: 'name_taken', owner: alpha.id }],
    ])
    const owned = versions(published('2026-01-01T00:00:00Z', 'key1', 'k', { tags: { [tag.providerAddress]: beta.id } }))
    expect(await rows(owned)).toEqual([
      [alpha.id, 'foreign', { reason: 'secret_not_ours', owner: beta.id }],
      [beta.id, 'managed', undefined],
    ])
  })
})

describe('what is in the vault, and in the fleet no longer', () => {
  const left = (name: string, of = SUBSCRIPTION, more: Parameters<typeof published>[3] = {}) =>
    versions(
      published('2026-01-01T00:00:00Z', 'key2', 'k', { ...more, tags: { [tag.providerAddress]: idOf(name, of) } }),
    )

  test('is unmanaged, alone and in the list', async () => {
    const deps = scene({ fleet: { [SUBSCRIPTION]: [named('untagged', {})] }, secrets: { untagged: left('untagged') } })
    const row = {
      account: 'untagged',
      id: idOf('untagged'),
      kind: 'SpeechServices',
      region: 'westus2',
      state: 'unmanaged',
      liveSlot: 'key2',
      held: false,
      drift: [],
      warnings: [],
    }
    expect((await listStatus(deps)()).accounts).toEqual([row])
    expect(await getStatus(deps)('untagged')).toEqual(row)
  })

  test('is unmanaged, too, where another account wants its name', async () => {
    const deps = scene({ secrets: { 'speech-west': left('speech-east') } })
    expect((await listStatus(deps)()).accounts.map(({ id, state }) => [id, state])).toEqual([
      [OTHER_ID, 'unmanaged'],
      [ID, 'foreign'],
    ])
  })

  test('is unknown, and no row of the list, where its subscription gave no answer', async () => {
    const settings = { subscriptions: [SUBSCRIPTION, OTHER] }
    const fleet = { [SUBSCRIPTION]: [account()], [OTHER]: denied }
    const deps = scene({ fleet, secrets: { dark: left('dark', OTHER) }, settings })
    const { accounts, failed } = await listStatus(deps)()
    expect([accounts.map((row) => row.account), failed]).toEqual([
      ['speech-west'],
      [{ subscription: OTHER, reason: denied.message }],
    ])
    expect(await getStatus(deps)('dark')).toMatchObject({ account: 'dark', state: 'unknown' })
  })

  test('is nobody, where it is not ours or deleted', async () => {
    const secrets = { theirs: versions(foreign('2026-01-01T00:00:00Z')), lost: { kind: 'deleted' as const, tags: {} } }
    const deps = scene({ fleet: {}, secrets })
    expect((await listStatus(deps)()).accounts).toEqual([])
    for (const name of ['theirs', 'lost', 'nobody']) expect(await getStatus(deps)(name)).toBeUndefined()
  })
})

test('one secret that cannot be read hides no other', async () => {
  const deps = scene({
    fleet: { [SUBSCRIPTION]: [named('bad'), account()] },
    secrets: { bad: throttled, 'speech-west': rotated },
  })
  const { accounts } = await listStatus(deps)()
  expect(accounts.map((row) => [row.account, row.state])).toEqual([
    ['bad', 'unknown'],
    ['speech-west', 'managed'],
  ])
  await expect(getStatus(deps)('bad')).rejects.toBeInstanceOf(AppError)
})

test('the keys of an account are never asked for', async () => {
  const listKeys = jest.fn()
  const deps = scene({ secrets: { 'speech-west': rotated } })
  await listStatus({ ...deps, accounts: { ...deps.accounts, listKeys } })()
  await getStatus({ ...deps, accounts: { ...deps.accounts, listKeys } })('speech-west')
  expect(listKeys).not.toHaveBeenCalled()
})

describe('the last run', () => {
  const note = {
    at: '2026-01-20T00:00:00.000Z',
    account: ID.toUpperCase(),
    planned: ['rotate'],
    did: ['regenerate key2'],
    outcome: { kind: 'withheld', slot: 'key2', reason: 'timeout', regenerated: true },
  }

  test('is told as it was noted, and nothing beside', async () => {
    const noted = { 'speech-west': { ...note, value: 'marked-key', outcome: { ...note.outcome, key: 'marked-key' } } }
    expect(await statusOf(rotated, account(), { notes: noted })).toMatchObject({
      lastRun: {
        at: '2026-01-20T00:00:00.000Z',
        outcome: 'withheld',
        details: { slot: 'key2', reason: 'timeout' },
        planned: ['rotate'],
        did: ['regenerate key2'],
      },
    })
    expect(JSON.stringify(await statusOf(rotated, account(), { notes: noted }))).not.toContain('marked-key')
  })

  test.each<[string, object | undefined]>([
    ['there is none', undefined],
    ['it is of another account that wants the same secret', { ...note, account: OTHER_ID }],
    ['it is no note', { outcome: 'published' }],
    ['it has no time', { ...note, at: 7 }],
    ['it is a list', [note]],
  ])('is absent where %s', (_what, noted) => {
    expect(readNote(noted, ID)).toBeUndefined()
  })

  test('may lack what it planned and did', () => {
    expect(readNote({ at: 'x', outcome: { kind: 'failed' }, planned: 'rotate', did: [7] }, ID)).toEqual({
      at: 'x',
      outcome: 'failed',
      details: {},
      planned: [],
      did: [],
    })
  })
})
