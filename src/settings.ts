// Each setting of ours: its name, its form, and what it is where nobody says otherwise. How they fit together is for
// config.ts.

// Of zod the small one: the other is as large as the rest of what an instance loads to be ready.
import * as z from 'zod/mini'
import { parseAccountId, parseAccountName } from './common/account.ts'
import { type Cloud, chinaCloud, isVaultUrl, publicCloud, usGovCloud } from './common/cloud.ts'
import { parseDuration } from './common/duration.ts'
import { periodOf } from './rotation/spread-schedule.ts'

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
export const cloudSettings = z
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

export const commonSettings = z.object({
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

export const rotatorSettings = z.object({
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

export const vendorSettings = z.object({
  KEYSTILE_CHECKS_QUEUE_URL: z.optional(queueUrl),
})

export const roleSetting = z.object({
  KEYSTILE_ROLE: z.enum(['rotator', 'vendor', 'all'], 'must be rotator, vendor or all'),
})

/** Every setting of ours. The README and local.settings.sample.json name the same ones. */
export const settingNames: readonly string[] = [
  roleSetting,
  cloudSettings,
  commonSettings,
  rotatorSettings,
  vendorSettings,
].flatMap((schema) => Object.keys(schema.shape))
