// What a machine that slept may still do: nothing that it began before. The monotonic clock does not count a closed
// lid, and the wall clock does; a process that is stopped on a machine that runs sees both go on.

import type { AccessToken, TokenCredential } from '@azure/identity'
import { aiAccounts } from '../../src/azure/ai-accounts.ts'
import { blobLease } from '../../src/azure/lease.ts'
import { recordStore } from '../../src/azure/record-store.ts'
import { systemClock } from '../../src/azure/system-clock.ts'
import type { Clock } from '../../src/common/clock.ts'
import { publicCloud } from '../../src/common/cloud.ts'
import { Secret } from '../../src/common/secret.ts'
import type { HeldLease } from '../../src/rotation/ports.ts'
import { startTestAzure, type TestAzure } from '../support/azure.ts'
import { useAzurite } from '../support/azurite.ts'
import { accountId, published } from '../support/rotation.ts'
import { rotationWorld } from '../support/rotation-world.ts'
import { VAULT_URL } from '../support/wired.ts'

jest.setTimeout(60_000)

const EIGHT_HOURS = 8 * 3_600_000
const SPEECH = accountId(
  '/subscriptions/5b0d0c53-9a1e-4c57-8f57-6f0b7a1c0001/resourceGroups/ai/providers/Microsoft.CognitiveServices/accounts/speech-west',
)

type Leap = 'now' | 'elapsed'

/** This machine's clock, of which one hand can be put forward. */
function leapingClock(): Clock & { leap(hand: Leap, milliseconds: number): void } {
  const ahead = { now: 0, elapsed: 0 }
  return {
    ...systemClock,
    now: () => new Date(Date.now() + ahead.now),
    elapsed: () => systemClock.elapsed() + ahead.elapsed,
    leap: (hand, milliseconds) => {
      ahead[hand] += milliseconds
    },
  }
}

describe('a lease', () => {
  const azurite = useAzurite()
  /** What is renewed keeps a process alive: a test that fails half-way must not. */
  const held: HeldLease[] = []
  afterEach(() => {
    for (const lease of held.splice(0)) lease.abandon()
  })
  const leaseOf = (clock: Clock) =>
    blobLease({
      storage: { kind: 'string', connectionString: azurite().connectionString },
      credential: { getToken: async () => null },
      clock,
      vaultUrl: VAULT_URL,
    })

  const hold = async (name: string, clock: Clock) => {
    const answer = await leaseOf(clock).acquire(name)
    if (answer.kind === 'busy') throw new Error('nobody else is here')
    held.push(answer.lease)
    return answer.lease
  }

  test.each<[string, Leap, number, 'ours' | 'over']>([
    ['a lid closed for eight hours', 'now', EIGHT_HOURS, 'over'],
    ['a lid closed for a minute', 'now', 60_000, 'over'],
    ['a process stopped for a minute', 'elapsed', 60_000, 'over'],
    ['half a minute of sleep', 'now', 30_000, 'ours'],
    ['a wall clock that is set back', 'now', -EIGHT_HOURS, 'ours'],
  ])('after %s (%s + %i ms) is %s', async (what, hand, milliseconds, state) => {
    const clock = leapingClock()
    const lease = await hold(what.replaceAll(' ', '-'), clock)
    clock.leap(hand, milliseconds)
    expect(lease.until() > clock.elapsed() ? 'ours' : 'over').toBe(state)
  })

  test('has as little left as the clock says that went on: 20 seconds after 40 of sleep', async () => {
    const clock = leapingClock()
    const lease = await hold('left', clock)
    clock.leap('now', 40_000)
    expect(Math.round((lease.until() - clock.elapsed()) / 1_000)).toBe(20)
  })

  test('that was asked for before the lid was closed is not had after it', async () => {
    const clock = leapingClock()
    let asked = 0
    const now = () => {
      asked += 1
      return asked === 1 ? systemClock.now() : new Date(Date.now() + EIGHT_HOURS)
    }
    await expect(hold('slow', { ...clock, now })).rejects.toMatchObject({ code: 'upstream_unreachable' })
  })

  test('regenerates nothing: somebody else has rotated since', async () => {
    const clock = leapingClock()
    const world = rotationWorld('2026-02-01T12:00:00Z', { clock, lease: leaseOf(clock) })
    world.versions = [published('2025-11-01T00:00:00Z', 'key1', 'first key')]
    world.before = (step) => {
      if (step === 'listKeys') clock.leap('now', EIGHT_HOURS)
    }
    expect((await world.check(SPEECH, { kind: 'check' })).outcome).toEqual({ kind: 'overtaken' })
    expect(world.log).toEqual([])
  })
})

describe('a write', () => {
  let azure: TestAzure
  beforeAll(async () => {
    azure = await startTestAzure()
  })
  afterAll(() => azure.close())

  /** Sleeps while it gets the token that a write waits for. */
  function sleepyCredential(sleep: () => void): TokenCredential & { drowsy: boolean } {
    const awake = azure.credential('rotator')
    return {
      drowsy: false,
      async getToken(scopes): Promise<AccessToken | null> {
        const token = await awake.getToken(scopes)
        if (this.drowsy) sleep()
        // Not to be kept: the next call asks anew.
        return token && { ...token, expiresOnTimestamp: Date.now() + 1_000 }
      },
    }
  }
  const countOf = (route: string) => azure.journal.counts()[route] ?? 0
  const hands: [Leap][] = [['now'], ['elapsed']]

  test.each(hands)('a regenerate whose deadline passes before it leaves (%s) is not sent', async (hand) => {
    const clock = leapingClock()
    const credential = sleepyCredential(() => clock.leap(hand, 30_001))
    const accounts = aiAccounts({ credential, cloud: publicCloud, clock })
    await accounts.regenerate(SPEECH, 'key2', 30_000)
    const before = countOf('arm.regenerateKey')
    credential.drowsy = true
    await expect(accounts.regenerate(SPEECH, 'key2', 30_000)).rejects.toMatchObject({ code: 'upstream_unreachable' })
    expect(countOf('arm.regenerateKey')).toBe(before)
    await accounts.regenerate(SPEECH, 'key2', 40_000)
    expect(countOf('arm.regenerateKey')).toBe(before + 1)
  })

  const version = { value: Secret.of('marked-value'), tags: {}, expiresAt: new Date('2027-01-01T00:00:00Z') }
  test.each(hands)('nor is a publish (%s), be it the first of its client or a later one', async (hand) => {
    const clock = leapingClock()
    const credential = sleepyCredential(() => clock.leap(hand, 30_001))
    const store = recordStore({ credential, vaultUrl: VAULT_URL, cloud: publicCloud, clock })
    const before = countOf('keyVault.setSecret')
    for (const sent of [0, 1]) {
      credential.drowsy = true
      await expect(store.publish('slept', version, 30_000)).rejects.toMatchObject({ code: 'upstream_unreachable' })
      expect(countOf('keyVault.setSecret')).toBe(before + sent)
      credential.drowsy = false
      await store.publish('awake', version, 30_000)
    }
    expect(countOf('keyVault.setSecret')).toBe(before + 2)
  })
})
