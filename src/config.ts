// Settings to a typed, frozen config. All problems are told at once, by name, and never with a value.

import type * as z from 'zod/mini'
import type { StorageConnection } from './azure/storage.ts'
import type { AdmissionTerms } from './callers/admit.ts'
import type { Cloud } from './common/cloud.ts'
import { AppError } from './common/errors.ts'
import { credentialProblems, type Environment, present, readStorage } from './platform-settings.ts'
import type { FleetSettings } from './rotation/fleet.ts'
import type { PolicySettings } from './rotation/policy.ts'
import type { ProofTerms } from './rotation/prove.ts'
import type { Timing } from './rotation/run.ts'
import type { Period } from './rotation/spread-schedule.ts'
import {
  cloudSettings,
  commonSettings,
  roleSetting,
  rotatorSettings,
  settingNames,
  vendorSettings,
} from './settings.ts'

export type Role = 'rotator' | 'vendor' | 'all'

export interface CommonConfig {
  readonly cloud: Cloud
  readonly vaultUrl: string
  readonly tenantId: string
  /** Accepted `aud` of callers' tokens. */
  readonly audiences: readonly string[]
  /** Who is turned away, and how often each other caller may ask this process. */
  readonly admission: AdmissionTerms
  /** Requests of callers that this process handles at once. */
  readonly maxInFlight: number
  readonly storage: StorageConnection
  /** ARM ids, lower-cased, of the accounts that may be used without a key, with the app's own identity. */
  readonly keylessAccounts: ReadonlySet<string>
}

export interface RotatorConfig {
  readonly mode: 'apply' | 'plan'
  /** NCRONTAB, six fields. */
  readonly schedule: string
  /** How far apart its occurrences are. */
  readonly period: Period
  readonly fleet: FleetSettings
  readonly policy: PolicySettings
  readonly proof: ProofTerms
  readonly timing: Timing
}

export interface VendorConfig {
  /** Address of the queue `keystile-checks`, where it is not in the host's own storage. */
  readonly checksQueueUrl: string | undefined
}

export interface Config {
  readonly role: Role
  readonly common: CommonConfig
  /** Absent for a vendor. */
  readonly rotator: RotatorConfig | undefined
  /** Absent for a rotator. */
  readonly vendor: VendorConfig | undefined
}

/** The queue that the timer and vendors write, and what everything in it means: look at this account. */
export const CHECKS_QUEUE = 'keystile-checks'
/** What operators asked for; written by the rotator alone. */
export const REQUESTS_QUEUE = 'keystile-requests'
/** What Event Grid says of the vault: a secret is near its expiry. */
export const NEAR_EXPIRY_QUEUE = 'keystile-near-expiry'

/**
 * @param environment as `process.env`; an empty setting counts as absent.
 * @throws AppError `settings_invalid` whose message has one line for each problem.
 */
export function parseConfig(environment: Environment): Config {
  const given = present(environment)
  const problems: string[] = []
  const read = <T extends z.ZodMiniType>(schema: T): z.output<T> | undefined => {
    const { data, error } = schema.safeParse(given)
    for (const issue of error?.issues ?? []) problems.push(`${String(issue.path[0])} ${issue.message}`)
    return data
  }
  const role = read(roleSetting)?.KEYSTILE_ROLE
  const place = read(cloudSettings)
  const common = read(commonSettings)
  const storage = readStorage(given, problems)
  problems.push(...credentialProblems(given))
  const keylessAccounts = new Set(common?.KEYSTILE_KEYLESS_ACCOUNTS.map(({ id }) => id.toLowerCase()))
  const rotator = role === 'vendor' ? undefined : toRotator(read(rotatorSettings), keylessAccounts, problems)
  const vendor = role === 'rotator' ? undefined : read(vendorSettings)
  if (!role || !place || !common || !storage || problems.length > 0) {
    throw new AppError('settings_invalid', [...new Set(problems)].join('\n'))
  }
  return Object.freeze({
    role,
    common: {
      cloud: place.AZURE_CLOUD,
      vaultUrl: place.KEYSTILE_VAULT_URL,
      tenantId: common.KEYSTILE_TENANT_ID,
      audiences: common.KEYSTILE_AUDIENCES,
      admission: {
        denied: new Set(common.KEYSTILE_DENIED_CALLERS),
        rate: { perMinute: common.KEYSTILE_RATE_PER_MINUTE, burst: common.KEYSTILE_RATE_BURST },
      },
      maxInFlight: common.KEYSTILE_MAX_IN_FLIGHT,
      storage,
      keylessAccounts,
    },
    rotator,
    vendor: vendor && { checksQueueUrl: vendor.KEYSTILE_CHECKS_QUEUE_URL },
  })
}

function toRotator(
  settings: z.output<typeof rotatorSettings> | undefined,
  keylessAccounts: ReadonlySet<string>,
  problems: string[],
): RotatorConfig | undefined {
  if (!settings) return undefined
  const policy: PolicySettings = {
    rotateEveryMs: settings.KEYSTILE_ROTATE_EVERY,
    graceMs: settings.KEYSTILE_GRACE,
    minGraceMs: settings.KEYSTILE_MIN_GRACE,
    minRotateEveryMs: settings.KEYSTILE_MIN_ROTATE_EVERY,
    maxRotateEveryMs: settings.KEYSTILE_MAX_ROTATE_EVERY,
  }
  if (settings.KEYSTILE_SUBSCRIPTIONS.length + settings.KEYSTILE_ACCOUNTS.length === 0) {
    problems.push('KEYSTILE_SUBSCRIPTIONS or KEYSTILE_ACCOUNTS is required')
  }
  if (policy.graceMs < policy.minGraceMs) problems.push('KEYSTILE_GRACE is below KEYSTILE_MIN_GRACE')
  if (policy.rotateEveryMs < policy.minRotateEveryMs)
    problems.push('KEYSTILE_ROTATE_EVERY is below KEYSTILE_MIN_ROTATE_EVERY')
  if (policy.rotateEveryMs > policy.maxRotateEveryMs)
    problems.push('KEYSTILE_ROTATE_EVERY is above KEYSTILE_MAX_ROTATE_EVERY')
  const proof: ProofTerms = {
    windowMs: settings.KEYSTILE_PROOF_WINDOW,
    spacingMs: settings.KEYSTILE_PROOF_SPACING,
    settleMs: settings.KEYSTILE_SETTLE,
  }
  const provingMs = proof.windowMs + 3 * proof.spacingMs
  const timing: Timing = {
    writeDeadlineMs: settings.KEYSTILE_WRITE_DEADLINE,
    quarantineMs: settings.KEYSTILE_QUARANTINE,
    beginWithinMs: LONGEST_RUN_MS + SPARE_MS - provingMs - proof.settleMs,
  }
  if (timing.writeDeadlineMs > LONGEST_WRITE_MS) problems.push('KEYSTILE_WRITE_DEADLINE is above 40 seconds')
  if (timing.quarantineMs < 2 * timing.writeDeadlineMs) {
    problems.push('KEYSTILE_QUARANTINE is below twice KEYSTILE_WRITE_DEADLINE')
  }
  if (2 * provingMs + proof.settleMs > LONGEST_RUN_MS) {
    problems.push(
      'two proofs (KEYSTILE_PROOF_WINDOW, KEYSTILE_PROOF_SPACING) and KEYSTILE_SETTLE do not fit into 9 minutes',
    )
  } else if (timing.quarantineMs + provingMs + proof.settleMs > LONGEST_RUN_MS) {
    problems.push('KEYSTILE_QUARANTINE and one proof with KEYSTILE_SETTLE do not fit into 9 minutes')
  }
  return {
    mode: settings.KEYSTILE_MODE,
    ...settings.KEYSTILE_SCHEDULE,
    policy,
    fleet: {
      subscriptions: settings.KEYSTILE_SUBSCRIPTIONS,
      accounts: settings.KEYSTILE_ACCOUNTS,
      secretNames: settings.KEYSTILE_SECRET_NAMES,
      takeOver: settings.KEYSTILE_TAKE_OVER,
      keylessAccounts,
      publisher: settings.KEYSTILE_DEPLOYMENT,
      skewMs: settings.KEYSTILE_CLOCK_SKEW,
    },
    proof,
    timing,
  }
}

/** host.json ends a call after ten minutes. A run may prove two keys, or wait and prove one; what is left is for calls. */
const LONGEST_RUN_MS = 9 * 60_000
/** Half of what is left is for the calls before the last proof, half for those after it. */
const SPARE_MS = 30_000
/** A lease of 60 seconds that is renewed every 15 outlives such a write, unless renewals fail. */
const LONGEST_WRITE_MS = 40_000
/** App Service refreshes its Key Vault references about once a day. */
const DAILY_REFRESH_MS = 25 * 3_600_000

/** What fits and is still worth a word at the start, a line each. @param environment that the config was made of. */
export function warnings({ rotator }: Config, environment: Environment): readonly string[] {
  const said = Object.keys(present(environment))
    .filter((name) => name.startsWith(PREFIX) && !settingNames.includes(name))
    .map((name) => `${name} is no setting: it has no effect`)
  if (rotator && rotator.policy.graceMs < DAILY_REFRESH_MS)
    said.push(
      'KEYSTILE_GRACE is below 25 hours: App Service references to Key Vault may hold a key for longer than that',
    )
  return said
}

/** Of every setting but the cloud's, which is known by the name that Azure's tools give it. */
const PREFIX = 'KEYSTILE_'
