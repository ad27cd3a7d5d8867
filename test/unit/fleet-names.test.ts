// Who owns a name, and under which terms: the cases at the edges.

import { tag } from '../../src/common/record.ts'
import { discover, secretNameOf, termsOf } from '../../src/rotation/fleet.ts'
import { findByName, findRivals, ownerAmong, recordedOwner } from '../../src/rotation/fleet-names.ts'
import { askForChecks } from '../../src/rotation/fleet-round.ts'
import { findUnmanaged } from '../../src/rotation/fleet-unmanaged.ts'
import type { RecordStore } from '../../src/rotation/ports.ts'
import { armWith, fleetSettings, idOf, named, OTHER, SUBSCRIPTION, vaultWith, versions } from '../support/fleet.ts'
import { accountId, foreign, ID, published } from '../support/rotation.ts'

const AT = '2026-01-01T00:00:00Z'
const recordOf = (id: string, more: Record<string, string> = {}) =>
  published(AT, 'key1', 'k', { tags: { [tag.providerAddress]: id, ...more } })

describe('the terms of an account', () => {
  test('are the settings’, with nothing granted that nobody set', () => {
    expect(termsOf(fleetSettings({ skewMs: 7 }), accountId(), { keystile: 'rotate' })).toEqual({
      enrolled: true,
      publisher: 'prod',
      takeOver: false,
      keyless: false,
      skewMs: 7,
    })
  })

  test('hold in any case of its id', () => {
    const id = accountId(ID.toUpperCase())
    const settings = fleetSettings({
      secretNames: new Map([[ID.toLowerCase(), 'chosen']]),
      takeOver: new Map([[ID.toLowerCase(), 'chosen']]),
      keylessAccounts: new Set([ID.toLowerCase()]),
    })
    expect(secretNameOf(settings, id, {})).toBe('chosen')
    expect(termsOf(settings, id, { keystile: 'rotate' })).toMatchObject({
      enrolled: true,
      takeOver: true,
      keyless: true,
    })
  })

  test('enrol it in any of the subscriptions, in any case', () => {
    const letters = 'abcdef01-1111-4111-8111-111111111111'
    const settings = fleetSettings({ subscriptions: [OTHER, letters] })
    const enrolled = (subscription: string) =>
      termsOf(settings, accountId(idOf('one', subscription)), { keystile: 'rotate' }).enrolled
    expect([letters, letters.toUpperCase(), OTHER, SUBSCRIPTION].map(enrolled)).toEqual([true, true, true, false])
  })

  test('let it take over the one secret that the setting names, and none that its tag names', () => {
    const settings = fleetSettings({ takeOver: new Map([[ID.toLowerCase(), 'speech-west']]) })
    expect(termsOf(settings, accountId(), {}).takeOver).toBe(true)
    expect(termsOf(settings, accountId(), { 'keystile-secret': 'payroll' }).takeOver).toBe(false)
  })

  test('enrol nobody by an explicit id of another account', () => {
    const settings = fleetSettings({ subscriptions: [], accounts: [accountId(idOf('another'))] })
    expect(termsOf(settings, accountId(), { keystile: 'rotate' }).enrolled).toBe(false)
  })
})

test('an account that is named and listed is read once', async () => {
  const accounts = armWith({ [SUBSCRIPTION]: [named('one', {})] })
  const get = jest.spyOn(accounts, 'get')
  const found = await discover({ accounts, settings: fleetSettings({ accounts: [accountId(idOf('ONE'))] }) })
  expect([found.accounts.length, get.mock.calls.length]).toEqual([1, 0])
})

describe('the owner of a secret', () => {
  test('is told by the version of the newest second that tells one', () => {
    expect(recordedOwner(versions(foreign(AT), recordOf(ID)))).toBe(ID)
    expect(recordedOwner(versions(recordOf(ID), foreign('2026-01-02T00:00:00Z')))).toBeUndefined()
    expect(recordedOwner(versions(foreign(AT)))).toBeUndefined()
    expect(recordedOwner(versions())).toBeUndefined()
  })

  test('of an empty name is the first by ARM id, in any case', () => {
    const [alpha, beta] = [named('alpha'), named('BETA')]
    for (const rivals of [
      [alpha, beta],
      [beta, alpha],
    ])
      expect(ownerAmong(fleetSettings(), rivals, versions())).toBe(alpha)
    const [upper, lower] = [named('ALPHA'), named('beta')]
    for (const rivals of [
      [upper, lower],
      [lower, upper],
    ])
      expect(ownerAmong(fleetSettings(), rivals, versions())).toBe(upper)
  })

  test('of a deleted secret that names nobody is nobody: it may be somebody else’s', () => {
    expect(ownerAmong(fleetSettings(), [named('alpha')], { kind: 'deleted', tags: {} })).toBeUndefined()
  })
})

describe('accounts that are refused their name', () => {
  const store = (read: RecordStore['read']) => ({ store: { ...vaultWith(), read }, settings: fleetSettings() })
  const shared = { keystile: 'rotate', 'keystile-secret': 'shared' }

  test('are looked for only where a name is wanted twice', async () => {
    const read: string[] = []
    const deps = store(async (name) => {
      read.push(name)
      return { kind: 'versions', versions: [] }
    })
    const rivals = await findRivals(deps, [named('alone'), named('alpha', shared), named('beta', shared)])
    expect([read, rivals.map(({ account }) => account.name)]).toEqual([['shared'], ['beta']])
  })

  test('are not made up by a bug of ours', async () => {
    const deps = store(() => Promise.reject(new TypeError('a bug')))
    await expect(findRivals(deps, [named('alpha', shared), named('beta', shared)])).rejects.toThrow('a bug')
  })
})

test('a name whose record is of an account that is gone is looked for in the fleet', async () => {
  const accounts = armWith({ [SUBSCRIPTION]: [named('speech-west')] })
  const store = vaultWith({ 'speech-west': versions(recordOf(idOf('gone'))) })
  const found = await findByName({ accounts, store, settings: fleetSettings() }, 'speech-west')
  expect(found?.id).toBe(ID)
})

test('a bug of ours stops a round: it is not taken for a queue that does not answer', async () => {
  const vault = vaultWith()
  const deps = {
    accounts: armWith({ [SUBSCRIPTION]: [named('one')] }),
    store: vault,
    records: vault,
    settings: fleetSettings(),
    checks: { send: () => Promise.reject(new TypeError('a bug')) },
    everyMs: 1_000,
  }
  await expect(askForChecks(deps)()).rejects.toThrow('a bug')
})

describe('records without an account', () => {
  const find = (
    secrets: Parameters<typeof vaultWith>[0],
    accounts = [named('kept')],
    failed: { subscription: string; account?: string; reason: string }[] = [],
    settings = fleetSettings(),
  ) => findUnmanaged({ records: vaultWith(secrets), settings }, { accounts, failed })

  test('tell the name in the form that callers use, and what the record says', async () => {
    const newest = recordOf(idOf('gone'))
    expect(await find({ 'Gone-Since': versions({ ...newest, enabled: false }) })).toMatchObject([
      {
        name: 'gone-since',
        account: idOf('gone'),
        enabled: false,
        record: { credentialId: 'key1', kind: 'SpeechServices' },
      },
    ])
  })

  test('do not include one that is kept up to date, in any case of its name and id', async () => {
    expect(await find({ KEPT: versions(recordOf(idOf('KEPT').toUpperCase())) }, [named('Kept')])).toEqual([])
  })

  test('do not include a secret that a setting gives to an account of the fleet', async () => {
    const settings = fleetSettings({ takeOver: new Map([[idOf('kept').toLowerCase(), 'kept']]) })
    const secrets = { kept: versions(recordOf(idOf('gone'))) }
    expect(await find(secrets, [named('kept')], [], settings)).toEqual([])
    expect(await find(secrets)).toMatchObject([{ name: 'kept', account: idOf('gone') }])
  })

  test('do not include one that names no account', async () => {
    expect(await find({ odd: versions(foreign(AT, { [tag.publisher]: 'prod' })) })).toEqual([])
  })

  test('do include one whose neighbour gave no answer', async () => {
    const failed = [
      { subscription: SUBSCRIPTION, account: idOf('neighbour'), reason: 'refused' },
      { subscription: OTHER, reason: 'HTTP 403' },
    ]
    expect(await find({ gone: versions(recordOf(idOf('gone'))) }, [], failed)).toMatchObject([{ name: 'gone' }])
  })

  test('are compared with the subscriptions that gave no answer in any case', async () => {
    const failed = [{ subscription: 'ABCDEF01-1111-4111-8111-111111111111', reason: 'HTTP 403' }]
    for (const id of [idOf('gone', 'abcdef01-1111-4111-8111-111111111111'), idOf('gone', failed[0]?.subscription)])
      expect(await find({ gone: versions(recordOf(id)) }, [], failed)).toEqual([])
  })
})
