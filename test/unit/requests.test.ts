import type { Account, Outbox } from '../../src/rotation/ports.ts'
import { askForRevoke, askForRotation, type RequestDeps, type RequestMessage } from '../../src/rotation/requests.ts'
import { account, current, foreign, ID, keys, published, terms } from '../support/rotation.ts'
import { testClock } from '../support/rotation-world.ts'

const DAY = 86_400_000
const NOON = '2026-02-01T12:00:00.000Z'
const refuse = () => Promise.reject(new Error('a request is looked at, not carried out'))
const live = [published('2025-11-01T00:00:00Z', 'key2', 'old'), published('2026-01-20T00:00:00Z', 'key1', 'first key')]

function asking(change: Partial<RequestDeps> = {}, of: Account = account(), versions = live) {
  const sent: RequestMessage[] = []
  const requests: Outbox<RequestMessage> = { send: async (message) => void sent.push(message) }
  const deps: RequestDeps = {
    accounts: {
      async *list() {
        yield of
      },
      get: async () => ({ kind: 'found', account: of }),
      listKeys: async () => ({ kind: 'keys', keys: keys() }),
      regenerate: refuse,
    },
    store: { read: async () => ({ kind: 'versions', versions }), publish: refuse, recover: refuse },
    clock: testClock(NOON),
    policy: {
      rotateEveryMs: 30 * DAY,
      graceMs: 2 * DAY,
      minGraceMs: 0,
      minRotateEveryMs: 0,
      maxRotateEveryMs: 365 * DAY,
    },
    termsOf: () => terms,
    settings: {
      subscriptions: ['sub'],
      accounts: [],
      secretNames: new Map(),
      takeOver: new Map(),
      keylessAccounts: new Set(),
      publisher: 'prod',
      skewMs: 0,
    },
    requests,
    mode: 'apply',
    ...change,
  }
  const options = { dryRun: false }
  return {
    sent,
    rotate: (name = 'speech-west', more = options) => askForRotation(deps)(name, more),
    revoke: (doomed: 'live' | 'idle' | 'both', more = options) => askForRevoke(deps)('speech-west', doomed, more),
  }
}

test('a rotation names the key that is live now, and answers what it would do', async () => {
  const { rotate, sent } = asking()
  expect(await rotate()).toEqual({ kind: 'accepted', plan: { kind: 'rotate', slot: 'key2' } })
  expect(sent).toEqual([{ account: ID, request: { kind: 'rotate', live: current.key1 }, askedAt: NOON }])
})

test('inside grace nothing is queued, and the end of grace is told', async () => {
  const { rotate, sent } = asking({ clock: testClock('2026-01-21T00:00:00Z') })
  expect(await rotate()).toEqual({ kind: 'in-grace', until: new Date('2026-01-22T00:01:01Z') })
  expect(sent).toEqual([])
})

test.each([
  ['live', [current.key1], { kind: 'publish', slot: 'key2', why: 'revoke' }],
  ['idle', [current.key2], { kind: 'revoke', slot: 'key2', publish: false }],
  ['both', [current.key1, current.key2], { kind: 'revoke', slot: 'key2', publish: true }],
] as const)('a revoke of %s names its keys', async (doomed, kill, plan) => {
  const { revoke, sent } = asking()
  expect(await revoke(doomed)).toEqual({ kind: 'accepted', plan })
  expect(sent).toEqual([{ account: ID, request: { kind: 'revoke', kill }, askedAt: NOON }])
})

test('a revoke is taken inside grace and on hold', async () => {
  const { revoke, sent } = asking({ clock: testClock('2026-01-21T00:00:00Z') }, account({ tags: { keystile: 'hold' } }))
  expect(await revoke('idle')).toMatchObject({ kind: 'accepted' })
  expect(sent).toHaveLength(1)
})

const DISABLED = { enabled: false, updatedAt: '2026-02-01T11:00:00Z' }
test.each([
  ['live', [current.key1], { kind: 'publish', slot: 'key2', why: 'revoke' }],
  ['idle', [current.key2], expect.anything()],
  ['both', [current.key1, current.key2], { kind: 'revoke', slot: 'key2', publish: true }],
] as const)('a revoke of %s is taken after somebody disabled the newest version', async (doomed, kill, plan) => {
  const { revoke, sent } = asking({}, account(), [published('2026-01-20T00:00:00Z', 'key1', 'first key', DISABLED)])
  expect(await revoke(doomed)).toEqual({ kind: 'accepted', plan })
  expect(sent).toEqual([{ account: ID, request: { kind: 'revoke', kill }, askedAt: NOON }])
})

test.each([
  ['holds neither key', [published('2026-01-20T00:00:00Z', 'key1', 'lost key', DISABLED)]],
  [
    'is two, which hold both',
    [
      published('2026-01-20T00:00:00Z', 'key1', 'first key', DISABLED),
      published('2026-01-20T00:00:00Z', 'key2', 'second key', DISABLED),
    ],
  ],
])('a disabled version that %s names no live key: both can be revoked', async (_what, versions) => {
  const { revoke, sent } = asking({}, account(), versions)
  expect(await revoke('live')).toEqual({ kind: 'not-possible', reason: 'not-published' })
  expect(sent).toEqual([])
  expect(await revoke('both')).toMatchObject({ kind: 'accepted' })
})

test.each(['dry run', 'mode plan'])('a %s answers the plan and queues nothing', async (how) => {
  const { rotate, revoke, sent } = asking(how === 'mode plan' ? { mode: 'plan' } : {})
  const options = { dryRun: how === 'dry run' }
  expect(await rotate('speech-west', options)).toEqual({ kind: 'planned', plan: { kind: 'rotate', slot: 'key2' } })
  expect(await revoke('both', options)).toMatchObject({ kind: 'planned' })
  expect(sent).toEqual([])
})

test('an account that nobody knows', async () => {
  expect(await asking().rotate('nobody')).toEqual({ kind: 'unknown-account' })
})

test.each([
  ['on hold', account({ tags: { keystile: 'hold' } }), live, 'held'],
  [
    'with a disabled version',
    account(),
    [published('2026-01-20T00:00:00Z', 'key1', 'first key', { enabled: false, updatedAt: '2026-02-01T11:00:00Z' })],
    'held',
  ],
  ['with a foreign secret', account(), [foreign('2026-01-20T00:00:00Z')], 'secret_not_ours'],
  ['without a published key', account(), [], 'not-published'],
])('an account %s is not rotated on request', async (_what, of, versions, reason) => {
  const { rotate, sent } = asking({}, of, versions)
  expect(await rotate()).toEqual({ kind: 'not-possible', reason })
  expect(sent).toEqual([])
})

test('a revoke that somebody else stands in the way of says who', async () => {
  const { revoke, sent } = asking({}, account(), [foreign('2026-01-20T00:00:00Z')])
  expect(await revoke('both')).toEqual({ kind: 'not-possible', reason: 'secret_not_ours' })
  expect(sent).toEqual([])
})

test('without a published key, both can be revoked, and neither by itself', async () => {
  const { revoke, sent } = asking({}, account(), [])
  expect(await revoke('live')).toEqual({ kind: 'not-possible', reason: 'not-published' })
  expect(await revoke('both')).toMatchObject({ kind: 'accepted' })
  expect(sent).toEqual([
    { account: ID, request: { kind: 'revoke', kill: [current.key1, current.key2] }, askedAt: NOON },
  ])
})
