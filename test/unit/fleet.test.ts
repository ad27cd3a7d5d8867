import { AppError } from '../../src/common/errors.ts'
import { tag } from '../../src/common/record.ts'
import { discover, secretNameOf, termsOf } from '../../src/rotation/fleet.ts'
import { AT_ONCE, forEach } from '../../src/rotation/fleet-each.ts'
import { findAccount, findByName, findRivals } from '../../src/rotation/fleet-names.ts'
import { recentRuns } from '../../src/rotation/fleet-recent.ts'
import { askForChecks } from '../../src/rotation/fleet-round.ts'
import { findUnmanaged } from '../../src/rotation/fleet-unmanaged.ts'
import type { Request } from '../../src/rotation/plan.ts'
import type { RecordIndex, SecretState } from '../../src/rotation/ports.ts'
import type { Outcome } from '../../src/rotation/run.ts'
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
import { accountId, foreign, fp, ID, published } from '../support/rotation.ts'
import { testClock } from '../support/rotation-world.ts'

const namesOf = (accounts: readonly { name: string }[]) => accounts.map(({ name }) => name)

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
  expect(secretNameOf(fleetSettings(change), accountId(), tags)).toBe(name),
)

test('what a secret’s name cannot hold becomes a dash', () => {
  expect(secretNameOf(fleetSettings(), accountId(idOf('A_b.c-D')), {})).toBe('a-b-c-d')
})

test.each([
  ['a tag in a configured subscription', {}, { keystile: 'rotate' }, true],
  ['the tag hold', {}, { keystile: 'HOLD' }, true],
  ['no tag', {}, {}, false],
  ['another value of the tag', {}, { keystile: 'no' }, false],
  ['a tag in a subscription that nobody configured', { subscriptions: [OTHER] }, { keystile: 'rotate' }, false],
  ['an explicit id, in any case', { subscriptions: [], accounts: [accountId(ID.toUpperCase())] }, {}, true],
])('%s enrols an account: %s', (_what, change, tags, enrolled) =>
  expect(termsOf(fleetSettings(change), accountId(), tags).enrolled).toBe(enrolled),
)

describe('discovery', () => {
  test('the fleet is what carries the tag, plus what is named', async () => {
    const listed = [named('aaa'), named('untagged', {}), named('held', { keystile: 'hold' }), named('listed', {})]
    const accounts = armWith({ [SUBSCRIPTION]: listed, [OTHER]: [named('elsewhere', {}, OTHER)] })
    const settings = fleetSettings({ accounts: [accountId(idOf('LISTED')), accountId(idOf('elsewhere', OTHER))] })
    const { accounts: found, failed } = await discover({ accounts, settings })
    expect([namesOf(found), failed]).toEqual([['aaa', 'held', 'listed', 'elsewhere'], []])
  })

  test.each([denied, throttled])('a subscription that answers $status stops only itself', async (error) => {
    const accounts = armWith({ [SUBSCRIPTION]: error, [OTHER]: [named('other')] })
    const found = await discover({ accounts, settings: fleetSettings({ subscriptions: [SUBSCRIPTION, OTHER] }) })
    expect(namesOf(found.accounts)).toEqual(['other'])
    expect(found.failed).toEqual([{ subscription: SUBSCRIPTION, reason: error.message }])
  })

  test.each([
    ['403', { kind: 'refused' } as const, 'refused'],
    ['404', { kind: 'gone' } as const, 'gone'],
    ['429', throttled, throttled.message],
  ])('a named account that answers %s stops only itself, and is told of', async (_status, answer, reason) => {
    const [bad, good] = [idOf('bad', OTHER), idOf('good', OTHER)]
    const accounts = armWith({ [SUBSCRIPTION]: [named('one')], [OTHER]: [named('good', {}, OTHER)] }, { [bad]: answer })
    const settings = fleetSettings({ accounts: [accountId(bad), accountId(good)] })
    const { accounts: found, failed } = await discover({ accounts, settings })
    expect([namesOf(found), failed]).toEqual([['one', 'good'], [{ subscription: OTHER, account: bad, reason }]])
  })

  test('a bug of ours is not taken for a refusal', async () => {
    const accounts = { ...armWith({}), get: () => Promise.reject(new TypeError('a bug')) }
    await expect(discover({ accounts, settings: fleetSettings({ accounts: [accountId()] }) })).rejects.toThrow('a bug')
  })
})

test('a large fleet is looked at a few at a time, each account once', async () => {
  let [now, most] = [0, 0]
  const seen: number[] = []
  await forEach([...Array(100).keys()], async (item) => {
    now += 1
    most = Math.max(most, now)
    await new Promise((resolve) => setImmediate(resolve))
    seen.push(item)
    now -= 1
  })
  expect([most, seen.length, new Set(seen).size]).toEqual([AT_ONCE, 100, 100])
})

describe('two accounts that want one secret', () => {
  const [alpha, beta] = [named('alpha', { keystile: 'rotate', 'keystile-secret': 'shared' }), named('shared')]
  const recordOf = (id: string) =>
    versions(published('2026-01-01T00:00:00Z', 'key1', 'k', { tags: { [tag.providerAddress]: id } }))
  const refusedWith = async (secret: SecretState | AppError, change = {}) => {
    const deps = { store: vaultWith({ shared: secret }), settings: fleetSettings(change) }
    const both = [await findRivals(deps, [alpha, beta]), await findRivals(deps, [beta, alpha])]
    const [one, other] = both.map((rivals) => rivals.map(({ account, name, owner }) => [account.name, name, owner]))
    expect(other).toEqual(one)
    return one
  }

  test.each([
    [
      'the owner of the record keeps it, in any case of its id',
      recordOf(beta.id.toUpperCase()),
      {},
      ['alpha', 'shared', beta.id],
    ],
    [
      'a deleted secret still has its owner',
      { kind: 'deleted' as const, tags: { [tag.providerAddress]: beta.id } },
      {},
      ['alpha', 'shared', beta.id],
    ],
    ['on an empty vault the first by ARM id gets it', versions(), {}, ['shared', 'shared', alpha.id]],
    [
      'a setting gives it to another',
      recordOf(beta.id),
      { takeOver: new Map([[alpha.id.toLowerCase(), 'shared']]) },
      ['shared', 'shared', alpha.id],
    ],
  ])('%s', async (_what, secret, change, refused) => {
    expect(await refusedWith(secret, change)).toEqual([refused])
  })

  test.each([
    ['a foreign secret', versions(foreign('2026-01-01T00:00:00Z'))],
    ['the record of an account that is gone, or was moved', recordOf(idOf('gone'))],
    ['a vault that does not answer', new AppError('upstream_refused', 'read: HTTP 403', 403)],
  ])('%s settles nothing: the check of each decides', async (_what, secret) => {
    expect(await refusedWith(secret)).toEqual([])
  })

  test('a name finds the one that has it, without a look at the fleet', async () => {
    const accounts = {
      ...armWith({ [SUBSCRIPTION]: [alpha, beta] }),
      list: () => {
        throw new Error('it listed')
      },
    }
    const deps = { accounts, store: vaultWith({ shared: recordOf(beta.id) }), settings: fleetSettings() }
    expect(await findByName(deps, 'shared')).toBe(beta)
  })

  test.each([
    ['nothing', versions(), 'alpha'],
    ['a foreign secret', versions(foreign('2026-01-01T00:00:00Z')), 'shared'],
    ['the record of an account that has another name', recordOf(idOf('other')), 'shared'],
  ])('a name with %s behind it is looked for in the fleet', async (_what, secret, found) => {
    const fleet = found === 'alpha' ? [beta, alpha] : [beta, named('other')]
    const deps = {
      accounts: armWith({ [SUBSCRIPTION]: fleet }),
      store: vaultWith({ shared: secret }),
      settings: fleetSettings(),
    }
    expect((await findByName(deps, 'shared'))?.name).toBe(found)
  })

  test('a record does not make an account one of the fleet', async () => {
    const untagged = named('shared', {})
    const accounts = armWith({ [SUBSCRIPTION]: [untagged] })
    const deps = { accounts, store: vaultWith({ shared: recordOf(untagged.id) }), settings: fleetSettings() }
    expect(await findByName(deps, 'shared')).toBeUndefined()
  })
})

test('an account is found by its id at once, and by its secret in the fleet', async () => {
  const accounts = armWith({ [SUBSCRIPTION]: [named('One_Two')] })
  const find = findAccount({ accounts, store: vaultWith(), settings: fleetSettings() })
  expect((await find({ account: ID }))?.name).toBe('speech-west')
  expect((await find({ secret: 'one-two' }))?.name).toBe('One_Two')
  expect(await find({ secret: 'three' })).toBeUndefined()
})

/** A list that cannot be had. */
const lost = (): AsyncIterable<never> => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(denied) }) })

describe('a round', () => {
  const roundWith = async (change: Partial<Parameters<typeof askForChecks>[0]> = {}) => {
    const asked: [string, number | undefined][] = []
    const accounts = armWith({ [SUBSCRIPTION]: [named('one'), named('two')] })
    const checks = {
      send: async ({ account }: { account: string }, delayMs?: number) => void asked.push([account, delayMs]),
    }
    const vault = vaultWith()
    const deps = {
      accounts,
      store: vault,
      records: vault,
      settings: fleetSettings(),
      checks,
      everyMs: 1_000,
      ...change,
    }
    return { asked, round: await askForChecks(deps)() }
  }

  test('asks for one check of each account, at once where rounds are seconds apart', async () => {
    const { asked, round } = await roundWith()
    expect(asked).toEqual([
      [idOf('one'), 0],
      [idOf('two'), 0],
    ])
    expect(round).toMatchObject({ asked: 2, unasked: [], rivals: [], unmanaged: [], failed: [] })
  })

  test('spreads an hourly round by the ids of its accounts: the same again, whatever their case', async () => {
    const delays = async (names: string[]) => {
      const accounts = armWith({ [SUBSCRIPTION]: names.map((name) => named(name)) })
      const { asked } = await roundWith({ accounts, everyMs: 3_600_000 })
      return asked.map(([, delayMs]) => delayMs)
    }
    const first = await delays(['one', 'two', 'three'])
    expect(await delays(['ONE', 'two', 'three'])).toEqual(first)
    expect(new Set(first).size).toBe(3)
    expect(Math.max(...first.map(Number))).toBeLessThan(3_000)
  })

  test('does not ask for a check of an account whose name is another’s', async () => {
    const newcomer = named('zeta', { keystile: 'rotate', 'keystile-secret': 'one' })
    const { asked, round } = await roundWith({ accounts: armWith({ [SUBSCRIPTION]: [newcomer, named('one')] }) })
    expect(asked.map(([account]) => account)).toEqual([idOf('one')])
    expect(round.rivals).toMatchObject([{ account: newcomer, name: 'one', owner: idOf('one') }])
  })

  test('a check that cannot be asked for stops only itself', async () => {
    const lost = new AppError('upstream_unreachable', 'put a message on a queue: no answer')
    const checks = {
      send: ({ account }: { account: string }) => (account.endsWith('one') ? Promise.reject(lost) : Promise.resolve()),
    }
    const { round } = await roundWith({ checks })
    expect([round.asked, round.unasked]).toEqual([1, [{ account: idOf('one'), reason: lost.message }]])
  })

  test('a vault that cannot be looked through stops no check', async () => {
    const records: RecordIndex = { list: () => lost() }
    const { asked, round } = await roundWith({ records })
    expect([asked.length, round.unmanaged]).toEqual([2, undefined])
  })
})

describe('unmanaged records', () => {
  const record = (name: string, subscription?: string, tags: Record<string, string> = {}) =>
    versions(
      published('2026-01-01T00:00:00Z', 'key1', 'k', {
        tags: { [tag.providerAddress]: idOf(name, subscription), ...tags },
      }),
    )
  const secrets = {
    kept: record('kept'),
    gone: record('gone'),
    'old-name': record('renamed'),
    dark: record('dark', OTHER),
    theirs: record('theirs', undefined, { [tag.publisher]: 'stage' }),
    foreign: versions(foreign('2026-01-01T00:00:00Z')),
  }
  const find = async (failed: { subscription: string; account?: string; reason: string }[] = []) => {
    const accounts = [named('kept'), named('renamed')]
    const found = await findUnmanaged({ records: vaultWith(secrets), settings: fleetSettings() }, { accounts, failed })
    return found.map(({ name, account }) => [name, account])
  }
  const [gone, renamed, dark] = [
    ['gone', idOf('gone')],
    ['old-name', idOf('renamed')],
    ['dark', idOf('dark', OTHER)],
  ]

  test('are ours, and kept up to date by no account: it is gone, untagged, or has another name now', async () => {
    expect(await find()).toEqual([gone, renamed, dark])
  })

  test.each([
    ['its subscription gave no answer', { subscription: OTHER.toUpperCase(), reason: 'HTTP 403' }, [gone, renamed]],
    [
      'the account itself gave none',
      { subscription: SUBSCRIPTION, account: idOf('gone').toUpperCase(), reason: 'refused' },
      [renamed, dark],
    ],
    [
      'the account is gone for sure',
      { subscription: SUBSCRIPTION, account: idOf('gone'), reason: 'gone' },
      [gone, renamed, dark],
    ],
  ])('are not what nobody could look at: %s', async (_what, failure, expected) => {
    expect(await find([failure])).toEqual(expected)
  })
})

describe('a check that need not be run', () => {
  const at = (seconds: number) => new Date(Date.UTC(2026, 1, 1, 12, 0, seconds))
  const ran = async (outcome: Outcome, id = ID) => {
    const clock = testClock('2026-02-01T12:00:30Z')
    const check = async () => {
      clock.advance(5_000)
      return { outcome, planned: [], did: [] }
    }
    const runs = recentRuns({ check, clock, skewMs: 2_000 })
    await runs.check(accountId(id), { kind: 'check' })
    return runs
  }
  const waiting: Outcome = { kind: 'waiting', why: 'not-due', until: at(59) }

  test('was asked for before a run began, by more than a second and the skew', async () => {
    const { covers } = await ran(waiting)
    expect([26, 27, 28, 30, 36].map((second) => covers(accountId(ID.toUpperCase()), at(second)))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
    expect(covers(accountId(idOf('another')), at(0))).toBe(false)
  })

  test.each<Outcome>([
    { kind: 'busy' },
    { kind: 'overtaken' },
    { kind: 'unsettled' },
    { kind: 'recovering' },
    { kind: 'withheld', slot: 'key1', reason: 'timeout', regenerated: false },
  ])('is not answered by a run that ended $kind', async (outcome) => {
    expect((await ran(outcome)).covers(accountId(), at(0))).toBe(false)
  })

  test.each<Request>([
    { kind: 'rotate', live: fp('first key') },
    { kind: 'revoke', kill: [fp('first key')] },
  ])(
    'is not answered by a $kind that is done: it ends before the rest of the account is looked at',
    async (request) => {
      const clock = testClock('2026-02-01T12:00:30Z')
      const check = async () => ({ outcome: { kind: 'done' } as const, planned: [], did: [] })
      const runs = recentRuns({ check, clock, skewMs: 0 })
      await runs.check(accountId(), request)
      expect(runs.covers(accountId(), at(0))).toBe(false)
    },
  )

  test('is not answered by a run that threw', async () => {
    const clock = testClock('2026-02-01T12:00:30Z')
    const runs = recentRuns({ check: () => Promise.reject(denied), clock, skewMs: 0 })
    await expect(runs.check(accountId(), { kind: 'check' })).rejects.toBe(denied)
    expect(runs.covers(accountId(), at(0))).toBe(false)
  })
})
