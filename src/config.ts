// Settings to a typed, frozen config. All problems are told at once, by name, and never with a value.

// Of zod the small one: the other is as large as the rest of what an instance loads to be ready.
import * as z from 'zod/mini'
import type { StorageConnection } from './azure/storage.ts'
import type { AdmissionTerms } from './callers/admit.ts'
import { parseAccountId, parseAccountName } from './common/account.ts'
import { type Cloud, chinaCloud, isVaultUrl, publicCloud, usGovCloud } from './common/cloud.ts'
import { parseDuration } from './common/duration.ts'
import { AppError } from './common/errors.ts'
import { credentialProblems, type Environment, present, readStorage } from './platform-settings.ts'
import type { FleetSettings } from './rotation/fleet.ts'
import type { PolicySettings } from './rotation/policy.ts'
import type { ProofTerms } from './rotation/prove.ts'
import type { Timing } from './rotation/run.ts'
import { type Period, periodOf } from './rotation/spread-schedule.ts'

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

/** @param of what a text says; `undefined` where it says nothing that fits. */
const read = <Output>(problem: string, of: (text: string) => Output | undefined) =>
  z.pipe(
    z.string(),
    z.transform((text, { issues }) => {
      const said = of(text)
      if (said !== undefined) return said
      issues.push({ code: 'custom', message: problem, input: undefined })
      return z.NEVER
    }),
  )

const split = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')

const guid = (problem: string) => z.guid(problem).check(z.toLowerCase())
const guids = z.pipe(z.pipe(z.string(), z.transform(split)), z.array(guid('is not a list of GUIDs')))

const count = read('is not a whole number from 1 to 999999', (text) =>
  /^[1-9]\d{0,5}$/.test(text) ? Number(text) : undefined,
)

const duration = read('is not an ISO 8601 duration of weeks, days, hours, minutes and seconds', parseDuration)

const accountIds = read('is not a list of ARM ids of Microsoft.CognitiveServices accounts', (text) => {
  const ids = split(text).map(parseAccountId)
  return ids.every((id) => id !== undefined) ? ids : undefined
})

const secretNames = read('is not a list of ARM id=secret name', (text) => {
  const names = split(text).map((part) => {
    const [id = '', name = ''] = part.split('=').map((side) => side.trim())
    return [parseAccountId(id)?.id.toLowerCase(), parseAccountName(name)] as const
  })
  const fits = (pair: (typeof names)[number]): pair is readonly [string, string] => !pair.includes(undefined)
  return names.every(fits) ? new Map(names) : undefined
})

const schedule = read('is not an NCRONTAB expression of six fields', (text) => {
  const period = periodOf(text)
  return period && { schedule: text, period }
})

const queueUrl = z
  .string()
  .check(
    z.regex(/^https:\/\/[a-z0-9.-]+\/keystile-checks$/, 'is not the https address of a queue named keystile-checks'),
  )

const required = 'is required'
const clouds = { public: publicCloud, usgov: usGovCloud, china: chinaCloud } as const satisfies Record<string, Cloud>
const cloudName = z.enum(['public', 'usgov', 'china'], 'must be public, usgov or china')

/** The cloud, and what must be in it. */
const cloudSettings = z
  .object({
    AZURE_CLOUD: z.prefault(
      z.pipe(
        cloudName,
        z.transform((name): Cloud => clouds[name]),
      ),
      'public',
    ),
    KEYSTILE_VAULT_URL: z.string(required),
  })
  .check(
    z.superRefine(({ AZURE_CLOUD: cloud, KEYSTILE_VAULT_URL: url }, ctx) => {
      if (isVaultUrl(cloud, url)) return
      const message = `is not https://{vault}.${cloud.keyVault}`
      ctx.addIssue({ code: 'custom', path: ['KEYSTILE_VAULT_URL'], message })
    }),
  )

const commonSettings = z.object({
  KEYSTILE_TENANT_ID: z.pipe(z.string(required), guid('is not a GUID')),
  KEYSTILE_AUDIENCES: z.pipe(
    z.pipe(z.string(required), z.transform(split)),
    z.array(z.string()).check(z.minLength(1, required)),
  ),
  KEYSTILE_KEYLESS_ACCOUNTS: z.prefault(accountIds, ''),
  KEYSTILE_DENIED_CALLERS: z.prefault(guids, ''),
  KEYSTILE_RATE_PER_MINUTE: z.prefault(count, '60'),
  KEYSTILE_RATE_BURST: z.prefault(count, '120'),
  KEYSTILE_MAX_IN_FLIGHT: z.prefault(count, '1000'),
})

const rotatorSettings = z.object({
  KEYSTILE_MODE: z.enum(['apply', 'plan'], 'must be apply or plan'),
  KEYSTILE_DEPLOYMENT: z
    .string(required)
    .check(z.regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, dashes, underscores')),
  KEYSTILE_SUBSCRIPTIONS: z.prefault(guids, ''),
  KEYSTILE_ACCOUNTS: z.prefault(accountIds, ''),
  KEYSTILE_SECRET_NAMES: z.prefault(secretNames, ''),
  KEYSTILE_TAKE_OVER: z.prefault(secretNames, ''),
  KEYSTILE_SCHEDULE: z.prefault(schedule, '0 7 * * * *'),
  KEYSTILE_ROTATE_EVERY: z.prefault(duration, 'P30D'),
  KEYSTILE_GRACE: z.prefault(duration, 'P2D'),
  KEYSTILE_MIN_GRACE: z.prefault(duration, 'PT1H'),
  KEYSTILE_MIN_ROTATE_EVERY: z.prefault(duration, 'P1D'),
  KEYSTILE_MAX_ROTATE_EVERY: z.prefault(duration, 'P365D'),
  KEYSTILE_CLOCK_SKEW: z.prefault(duration, 'PT1M'),
  KEYSTILE_PROOF_WINDOW: z.prefault(duration, 'PT3M'),
  KEYSTILE_PROOF_SPACING: z.prefault(duration, 'PT2S'),
  KEYSTILE_SETTLE: z.prefault(duration, 'PT2M'),
  KEYSTILE_WRITE_DEADLINE: z.prefault(duration, 'PT30S'),
  KEYSTILE_QUARANTINE: z.prefault(duration, 'PT90S'),
})

const vendorSettings = z.object({
  KEYSTILE_CHECKS_QUEUE_URL: z.optional(queueUrl),
})

const roleSetting = z.object({ KEYSTILE_ROLE: z.enum(['rotator', 'vendor', 'all'], 'must be rotator, vendor or all') })

/** Every setting of ours. The README and local.settings.sample.json name the same ones. */
export const settingNames: readonly string[] = [
  roleSetting,
  cloudSettings,
  commonSettings,
  rotatorSettings,
  vendorSettings,
].flatMap((schema) => Object.keys(schema.shape))

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

/** What fits and is still worth a word at the start, a line each. */
export function warnings({ rotator }: Config): readonly string[] {
  if (!rotator || rotator.policy.graceMs >= DAILY_REFRESH_MS) return []
  return ['KEYSTILE_GRACE is below 25 hours: App Service references to Key Vault may hold a key for longer than that']
}
