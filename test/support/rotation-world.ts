// An account, its vault and its token service in memory, behind the ports of src/rotation: for tests of the executor.

import { otherSlot, type Slot } from '../../src/common/account.ts'
import type { Clock } from '../../src/common/clock.ts'
import { fingerprintOf, Secret } from '../../src/common/secret.ts'
import { checkAccount } from '../../src/rotation/check-account.ts'
import type {
  Account,
  AiAccounts,
  KeyJudge,
  KeyPair,
  Lease,
  RecordStore,
  SecretVersion,
  Verdict,
} from '../../src/rotation/ports.ts'
import { proveKey } from '../../src/rotation/prove.ts'
import type { CheckDeps } from '../../src/rotation/run.ts'
import { account, accountId, keys, terms } from './rotation.ts'

const DAY = 86_400_000

/** Time that passes only when somebody sleeps, or the test says so. */
export interface TestClock extends Clock {
  advance(milliseconds: number): void
}

export function testClock(start: string): TestClock {
  let now = new Date(start).getTime()
  const startedAt = now
  const advance = (milliseconds: number) => {
    now += milliseconds
  }
  return { now: () => new Date(now), elapsed: () => now - startedAt, sleep: async (ms) => advance(ms), advance }
}

export interface RotationWorld {
  account: Account | 'gone' | 'refused'
  keys: KeyPair
  versions: SecretVersion[]
  deletedTags: Record<string, string> | undefined
  /** What the token service says of a key, by default: yes to a current one. */
  verdict: (key: Secret) => Verdict
  /** Called before a step takes effect: a test breaks things there. */
  before: (step: string) => void | Promise<void>
  /** Every step that changed something, and every check that was asked for, in order. */
  readonly log: string[]
  /** What was written for the status page with each lease that was given back. */
  readonly leaseNotes: object[]
  readonly clock: TestClock
  check: ReturnType<typeof checkAccount>
}

export const isCurrent = (world: RotationWorld, key: Secret): boolean =>
  Object.values(world.keys).some((known) => fingerprintOf(known) === fingerprintOf(key))

export function rotationWorld(start: string, change: Partial<CheckDeps> = {}): RotationWorld {
  const clock = testClock(start)
  let regenerated = 0
  const accounts: AiAccounts = {
    async *list() {},
    async get() {
      if (world.account === 'gone') return { kind: 'gone' }
      return world.account === 'refused' ? { kind: 'refused' } : { kind: 'found', account: world.account }
    },
    async listKeys() {
      await world.before('listKeys')
      return { kind: 'keys', keys: world.keys }
    },
    async regenerate(_id, slot) {
      await world.before(`regenerate ${slot}`)
      regenerated += 1
      world.keys = pair(slot, Secret.of(`regenerated ${regenerated}`), world.keys[otherSlot(slot)])
      world.log.push(`regenerate ${slot}`)
      return world.keys
    },
  }
  const store: RecordStore = {
    async read() {
      await world.before('read')
      if (world.deletedTags) return { kind: 'deleted', tags: world.deletedTags }
      return { kind: 'versions', versions: [...world.versions] }
    },
    async publish(_name, { value, tags, expiresAt }) {
      await world.before('publish')
      const second = new Date(Math.floor(clock.now().getTime() / 1_000) * 1_000)
      const made = { createdAt: second, updatedAt: second, enabled: true, tags }
      world.versions.push({ version: String(world.versions.length), ...made })
      const alive = isCurrent(world, value) ? '' : ' (dead)'
      world.log.push(`publish ${tags.CredentialId}${alive}, expires ${expiresAt.toISOString().slice(0, 10)}`)
    },
    async recover() {
      world.log.push('recover')
    },
  }
  const judge: KeyJudge = { judge: async (_place, key) => world.verdict(key) }
  const proof = { windowMs: 60_000, spacingMs: 1_000, settleMs: 120_000 }
  const world: RotationWorld = {
    account: account(),
    keys: keys(),
    versions: [],
    deletedTags: undefined,
    verdict: (key) => ({ kind: isCurrent(world, key) ? 'accepted' : 'refused' }),
    before: () => undefined,
    log: [],
    leaseNotes: [],
    clock,
    check: () => Promise.reject(new Error('not made yet')),
  }
  world.check = checkAccount({
    accounts,
    store,
    lease: freeLease(world),
    timing: { writeDeadlineMs: 30_000, quarantineMs: 90_000, beginWithinMs: 264_000 },
    clock,
    prove: proveKey({ judge, clock, terms: proof }),
    policy: {
      rotateEveryMs: 30 * DAY,
      graceMs: 2 * DAY,
      minGraceMs: 0,
      minRotateEveryMs: 0,
      maxRotateEveryMs: 365 * DAY,
    },
    mode: 'apply',
    checkEveryMs: 3_600_000,
    termsOf: () => terms,
    secretNameOf: () => 'speech-west',
    ...change,
  })
  return world
}

const pair = (slot: Slot, key: Secret, other: Secret): KeyPair =>
  slot === 'key1' ? { key1: key, key2: other } : { key1: other, key2: key }

/** A lease that nobody else wants, and that never ends. */
const freeLease = (world: { log: string[]; leaseNotes: object[] }): Lease => ({
  acquire: async () => ({
    kind: 'held',
    clean: true,
    lease: {
      until: () => Number.POSITIVE_INFINITY,
      release: async (note) => void world.leaseNotes.push(note),
      abandon: () => void world.log.push('lease left to expire'),
    },
  }),
})

export const runCheck = async (world: RotationWorld) => (await world.check(accountId(), { kind: 'check' })).outcome
