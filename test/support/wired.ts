// The real executor and vendor over the real adapters, in this process, against the stand-in: for tests that need the
// wire but no host. The lease and the queue of checks are in memory.

import { aiAccounts } from '../../src/azure/ai-accounts.ts'
import type { AzurePacing } from '../../src/azure/pacing.ts'
import { recordReader } from '../../src/azure/record-reader.ts'
import { recordStore } from '../../src/azure/record-store.ts'
import { keyJudge, tokenService } from '../../src/azure/sts.ts'
import { systemClock } from '../../src/azure/system-clock.ts'
import { publicCloud } from '../../src/common/cloud.ts'
import { checkAccount } from '../../src/rotation/check-account.ts'
import { discover, type FleetSettings, secretNameOf, termsOf } from '../../src/rotation/fleet.ts'
import type { PolicySettings } from '../../src/rotation/policy.ts'
import type { Lease } from '../../src/rotation/ports.ts'
import { proveKey } from '../../src/rotation/prove.ts'
import { issueToken } from '../../src/vending/issue-token.ts'
import type { TestAzure } from './azure.ts'

export const VAULT_URL = 'https://keystile-local.vault.azure.net'
const HOUR = 3_600_000

/** A lease that nobody else wants. */
const unwantedLease: Lease = {
  acquire: async () => ({
    kind: 'held',
    clean: true,
    lease: { until: () => Number.POSITIVE_INFINITY, release: async () => undefined, abandon: () => undefined },
  }),
}

const ALWAYS_DUE: PolicySettings = {
  rotateEveryMs: 0,
  graceMs: 0,
  minGraceMs: 0,
  minRotateEveryMs: 0,
  maxRotateEveryMs: HOUR,
}

export interface WiredOptions {
  readonly pacing?: AzurePacing
  readonly policy?: PolicySettings
  /** ARM ids. */
  readonly keyless?: readonly string[]
}

/**
 * @param azure whose identities `rotator` and `vendor` these parts use.
 * @param change what is not the default: unpaced, and always due.
 */
export function wired(azure: TestAzure, change: WiredOptions = {}) {
  const { pacing, policy = ALWAYS_DUE, keyless = [] } = change
  const keylessAccounts = new Set(keyless.map((id) => id.toLowerCase()))
  const cloud = publicCloud
  const clock = systemClock
  const rotator = azure.credential('rotator')
  const vendor = azure.credential('vendor')
  const accounts = aiAccounts({ credential: rotator, cloud, clock, ...(pacing ? { pacing } : {}) })
  const store = recordStore({
    credential: rotator,
    vaultUrl: VAULT_URL,
    cloud,
    clock,
    ...(pacing ? { lane: pacing.vault } : {}),
  })
  const tokens = { ...keyJudge({ cloud, clock }), ...tokenService({ cloud, clock, credential: vendor }) }
  const fleet: FleetSettings = {
    subscriptions: azure.world.seed.subscriptions.map(({ id }) => id),
    accounts: [],
    secretNames: new Map(),
    takeOver: new Map(),
    keylessAccounts,
    publisher: 'wired',
    skewMs: 0,
  }
  const asked: object[] = []
  const reported: string[] = []
  const checks = { send: async (check: object) => void asked.push(check) }
  return {
    accounts,
    store,
    tokens,
    fleet,
    asked,
    reported,
    discover: () => discover({ accounts, settings: fleet }),
    check: checkAccount({
      accounts,
      store,
      lease: unwantedLease,
      timing: { writeDeadlineMs: 30_000, quarantineMs: 60_000, beginWithinMs: 264_000 },
      clock,
      prove: proveKey({ judge: tokens, clock, terms: { windowMs: 2_000, spacingMs: 0, settleMs: 0 } }),
      policy,
      ...(pacing ? { pacing } : {}),
      mode: 'apply',
      checkEveryMs: HOUR,
      termsOf: (id, tags) => termsOf(fleet, id, tags),
      secretNameOf: (id, tags) => secretNameOf(fleet, id, tags),
    }),
    vend: issueToken({
      records: recordReader({ credential: vendor, vaultUrl: VAULT_URL }),
      tokens,
      checks,
      clock,
      cloud,
      keyless: keylessAccounts,
      random: () => 0.5,
      report: ({ kind }) => void reported.push(kind),
    }),
  }
}
