// The real executor over the real adapters, in this process, with the policy and the lease that a test asks for.

import { aiAccounts } from '../../src/azure/ai-accounts.ts'
import { recordStore } from '../../src/azure/record-store.ts'
import { keyJudge } from '../../src/azure/sts.ts'
import { systemClock } from '../../src/azure/system-clock.ts'
import type { AccountId } from '../../src/common/account.ts'
import { publicCloud } from '../../src/common/cloud.ts'
import { checkAccount } from '../../src/rotation/check-account.ts'
import { type FleetSettings, secretNameOf, termsOf } from '../../src/rotation/fleet.ts'
import type { Request } from '../../src/rotation/plan.ts'
import type { PolicySettings } from '../../src/rotation/policy.ts'
import type { Lease } from '../../src/rotation/ports.ts'
import { type ProofTerms, proveKey } from '../../src/rotation/prove.ts'
import type { Report, Timing } from '../../src/rotation/run.ts'
import type { TestAzure } from './azure.ts'
import { VAULT_URL } from './wired.ts'

export const PUBLISHER = 'wired'
const HOUR = 3_600_000

export interface ExecutorOptions {
  readonly policy?: Partial<PolicySettings>
  readonly proof?: Partial<ProofTerms>
  readonly timing?: Partial<Timing>
  readonly fleet?: Partial<FleetSettings>
  readonly lease?: Lease
}

export interface Executor {
  /** @param request Default: a check. */
  check(id: AccountId, request?: Request): Promise<Report>
  readonly accounts: ReturnType<typeof aiAccounts>
  readonly store: ReturnType<typeof recordStore>
  readonly tokens: ReturnType<typeof keyJudge>
}

/** A lease that is left behind ends after so many milliseconds, and whoever has it next is told. */
export function leaseInMemory(lifeMs = 60_000): Lease & { wasLeft(name: string): boolean } {
  const held = new Set<string>()
  const left = new Map<string, number>()
  return {
    wasLeft: (name) => left.has(name),
    async acquire(name) {
      const leftAt = left.get(name)
      if (held.has(name) || (leftAt !== undefined && systemClock.elapsed() - leftAt < lifeMs)) return { kind: 'busy' }
      held.add(name)
      left.delete(name)
      const until = systemClock.elapsed() + 60_000
      return {
        kind: 'held',
        clean: leftAt === undefined,
        lease: {
          until: () => until,
          release: async () => void held.delete(name),
          abandon: () => {
            held.delete(name)
            left.set(name, systemClock.elapsed())
          },
        },
      }
    },
  }
}

/** @param azure whose identity `rotator` it uses. */
export function startExecutor(azure: TestAzure, options: ExecutorOptions = {}): Executor {
  const cloud = publicCloud
  const clock = systemClock
  const credential = azure.credential('rotator')
  const accounts = aiAccounts({ credential, cloud, clock })
  const store = recordStore({ credential, vaultUrl: VAULT_URL, cloud, clock })
  const tokens = keyJudge({ cloud, clock })
  const fleet: FleetSettings = {
    subscriptions: azure.world.seed.subscriptions.map(({ id }) => id),
    accounts: [],
    secretNames: new Map(),
    takeOver: new Map(),
    keylessAccounts: new Set(),
    publisher: PUBLISHER,
    skewMs: 0,
    ...options.fleet,
  }
  const run = checkAccount({
    accounts,
    store,
    lease: options.lease ?? leaseInMemory(),
    timing: { writeDeadlineMs: 30_000, quarantineMs: 60_000, beginWithinMs: 264_000, ...options.timing },
    clock,
    prove: proveKey({
      judge: tokens,
      clock,
      terms: { windowMs: 2_000, spacingMs: 0, settleMs: 0, ...options.proof },
    }),
    policy: {
      rotateEveryMs: 0,
      graceMs: 0,
      minGraceMs: 0,
      minRotateEveryMs: 0,
      maxRotateEveryMs: 24 * HOUR,
      ...options.policy,
    },
    mode: 'apply',
    checkEveryMs: HOUR,
    termsOf: (id, tags) => termsOf(fleet, id, tags),
    secretNameOf: (id, tags) => secretNameOf(fleet, id, tags),
  })
  return { accounts, store, tokens, check: (id, request = { kind: 'check' }) => run(id, request) }
}
