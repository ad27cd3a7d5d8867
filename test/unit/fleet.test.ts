import { AppError } from '../../src/common/errors.ts'
import {
  askForChecks,
  discover,
  type FleetSettings,
  findAccount,
  secretNameOf,
  termsOf,
} from '../../src/rotation/fleet.ts'
import type { Account, AccountAnswer, AiAccounts } from '../../src/rotation/ports.ts'
import { getStatus, listStatus } from '../../src/rotation/status.ts'
import { account, accountId, foreign, ID, published } from '../support/rotation.ts'
import { rotationWorld, testClock } from '../support/rotation-world.ts'

const SUBSCRIPTION = '11111111-1111-4111-8111-111111111111'
const OTHER = '22222222-2222-4222-8222-222222222222'
const DAY = 86_400_000

const settings = (change: Partial<FleetSettings> = {}): FleetSettings => ({
  subscriptions: [SUBSCRIPTION],
  accounts: [],
  secretNames: new Map(),
  takeOver: new Set(),
  keylessAccounts: new Set(),
  publisher: 'prod',
  skewMs: 0,
  ...change,
})

const named = (name: string, tags: Record<string, string> = { keystile: 'rotate' }): Account =>
  account({ ...accountId(ID.replace('speech-west', name)), tags })

function arm(fleet: Record<string, Account[] | AppError>, byId: AccountAnswer = { kind: 'gone' }): AiAccounts {
  const { list: _list, get: _get, ...rest } = rotationWorldAccounts()
  return {
    ...rest,
    async *list(subscription) {
      const answer = fleet[subscription] ?? []
      if (answer instanceof AppError) throw answer
      yield* answer
    },
    get: async () => byId,
  }
}

const refuse = () => Promise.reject(new Error('a fleet is looked at, not touched'))
const rotationWorldAccounts = (): AiAccounts => ({
  async *list() {},
  get: refuse,
  listKeys: refuse,
  regenerate: refuse,
})
const namesOf = (accounts: readonly Account[]) => accounts.map(({ name }) => name)

test.each([
  ['the name of the account', {}, {}, 'speech-west'],
  ['the tag', { 'keystile-secret': 'Team_Speech' }, {}, 'team-speech'],
  [
    'the setting, over the tag',
    { 'keystile-secret': 'tagged' },
    { secretNames: new Map([[ID.toLowerCase(), 'chosen']]) },
    'chosen',
  ],
])('a secret is named by %s', (_by, tags, change, name) =>
  expect(secretNameOf(settings(change), accountId(), tags)).toBe(name),
)

test('what a secret’s name cannot hold becomes a dash', () => {
  expect(secretNameOf(settings(), accountId(ID.replace('speech-west', 'A_b.c-D')), {})).toBe('a-b-c-d')
})

test.each([
  ['a tag in a configured subscription', {}, { keystile: 'rotate' }, true],
  ['the tag hold', {}, { keystile: 'HOLD' }, true],
  ['no tag', {}, {}, false],
  ['another value of the tag', {}, { keystile: 'no' }, false],
  ['a tag in a subscription that nobody configured', { subscriptions: [OTHER] }, { keystile: 'rotate' }, false],
  ['an explicit id, in any case', { subscriptions: [], accounts: [accountId(ID.toUpperCase())] }, {}, true],
])('%s enrols an account: %s', (_what, change, tags, enrolled) =>
  expect(termsOf(settings(change), accountId(), tags).enrolled).toBe(enrolled),
)

test('the fleet is what carries the tag, plus what is named', async () => {
  const accounts = arm(
    { [SUBSCRIPTION]: [named('a'.repeat(3)), named('untagged', {}), named('held', { keystile: 'hold' })] },
    { kind: 'found', account: named('explicit', {}) },
  )
  const fleet = settings({ accounts: [accountId(ID.replace('speech-west', 'explicit'))] })
  expect(namesOf((await discover({ accounts, settings: fleet })).accounts)).toEqual(['aaa', 'held', 'explicit'])
})

test('a subscription that refuses stops only itself', async () => {
  const denied = new AppError('upstream_refused', 'list the accounts: HTTP 403', 403)
  const accounts = arm({ [SUBSCRIPTION]: denied, [OTHER]: [named('other')] })
  const discovery = await discover({ accounts, settings: settings({ subscriptions: [SUBSCRIPTION, OTHER] }) })
  expect(namesOf(discovery.accounts)).toEqual(['other'])
  expect(discovery.failed).toEqual([{ subscription: SUBSCRIPTION, reason: 'list the accounts: HTTP 403' }])
})

test('the schedule asks for one check of each account', async () => {
  const asked: object[] = []
  const accounts = arm({ [SUBSCRIPTION]: [named('one'), named('two')] })
  const checks = { send: async (check: object) => void asked.push(check) }
  await askForChecks({ accounts, settings: settings(), checks })()
  expect(asked).toEqual(['one', 'two'].map((name) => ({ account: ID.replace('speech-west', name) })))
})

test('an account is found by its id at once, and by its secret in the fleet', async () => {
  const find = findAccount({ accounts: arm({ [SUBSCRIPTION]: [named('One_Two')] }), settings: settings() })
  expect((await find({ account: ID }))?.name).toBe('speech-west')
  expect((await find({ secret: 'one-two' }))?.name).toBe('One_Two')
  expect(await find({ secret: 'three' })).toBeUndefined()
})

describe('the status of an account', () => {
  const statusWith = async (
    change: Partial<ReturnType<typeof rotationWorld>>,
    of = account(),
    now = '2026-02-20T00:00:00Z',
  ) => {
    const world = rotationWorld('2026-02-01T12:00:00Z')
    Object.assign(world, change)
    const store = {
      read: async () =>
        world.deletedTags
          ? { kind: 'deleted' as const, tags: world.deletedTags }
          : { kind: 'versions' as const, versions: world.versions },
      publish: refuse,
      recover: refuse,
    }
    const policy = {
      rotateEveryMs: 30 * DAY,
      graceMs: 2 * DAY,
      minGraceMs: DAY,
      minRotateEveryMs: 0,
      maxRotateEveryMs: 365 * DAY,
    }
    const deps = { accounts: arm({ [SUBSCRIPTION]: [of] }), store, settings: settings(), policy, clock: testClock(now) }
    const [status] = await listStatus(deps)()
    expect(await getStatus(deps)('speech-west')).toEqual(status)
    expect(await getStatus(deps)('nobody')).toBeUndefined()
    return status
  }
  const base = { account: 'speech-west', id: ID, kind: 'SpeechServices', region: 'westus2', held: false }
  const rotated = [
    published('2025-12-01T00:00:00Z', 'key2', 'old'),
    published('2026-01-01T00:00:00Z', 'key1', 'first key'),
  ]

  test('tells the live slot, since when, and that it is overdue', async () => {
    expect(await statusWith({ versions: rotated })).toEqual({
      ...base,
      state: 'managed',
      liveSlot: 'key1',
      since: '2026-01-01T00:00:01.000Z',
      due: '2026-01-31T00:00:01.000Z',
      overdue: true,
      graceUntil: '2026-01-03T00:00:01.000Z',
    })
  })

  test.each([
    ['not-published', {}, account(), {}],
    ['foreign', { versions: [foreign('2026-01-01T00:00:00Z')] }, account(), {}],
    ['deleted', { deletedTags: {} }, account(), {}],
    ['local-auth-disabled', {}, account({ localAuthDisabled: true }), {}],
    ['not-published', {}, account({ tags: { keystile: 'hold' } }), { held: true }],
    [
      'not-published',
      {},
      account({ tags: { keystile: 'rotate', 'keystile-grace': 'PT1S' } }),
      { badPolicy: 'keystile-grace is below the least allowed' },
    ],
  ])('%s', async (state, change, of, more) => {
    expect(await statusWith(change, of)).toEqual({ ...base, state, ...more })
  })

  test('an adopted key is due when grace is over', async () => {
    expect(await statusWith({ versions: rotated.slice(1) }, account(), '2026-01-02T00:00:00Z')).toMatchObject({
      due: '2026-01-03T00:00:01.000Z',
      overdue: false,
    })
  })
})
