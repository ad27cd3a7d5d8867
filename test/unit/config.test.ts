import { AppError } from '../../src/common/errors.ts'
import { parseConfig, warnings } from '../../src/config.ts'
import { settingNames } from '../../src/settings.ts'
import { ID } from '../support/rotation.ts'

const common = {
  KEYSTILE_VAULT_URL: 'https://contoso.vault.azure.net',
  KEYSTILE_TENANT_ID: '72F988BF-86F1-41AF-91AB-2D7CD011DB47',
  KEYSTILE_AUDIENCES: 'api://keystile, 9d7f5b5c-3b0a-4d43-9a3f-0d2d6ce3a1aa',
  AzureWebJobsStorage: 'UseDevelopmentStorage=true',
}
const rotator = {
  ...common,
  KEYSTILE_ROLE: 'rotator',
  KEYSTILE_MODE: 'apply',
  KEYSTILE_DEPLOYMENT: 'prod',
  KEYSTILE_SUBSCRIPTIONS: '11111111-1111-4111-8111-111111111111',
}
const vendor = { ...common, KEYSTILE_ROLE: 'vendor' }

const problemsOf = (environment: Record<string, string | undefined>): string[] => {
  try {
    parseConfig(environment)
    return []
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return error.message.split('\n')
  }
}

test('a rotator gets defaults that suit production: 30 days, 2 days of grace, hourly', () => {
  expect(parseConfig(rotator)).toMatchObject({
    role: 'rotator',
    common: {
      tenantId: '72f988bf-86f1-41af-91ab-2d7cd011db47',
      audiences: ['api://keystile', '9d7f5b5c-3b0a-4d43-9a3f-0d2d6ce3a1aa'],
    },
    rotator: {
      mode: 'apply',
      schedule: '0 7 * * * *',
      period: { shortestMs: 3_600_000, longestMs: 3_600_000 },
      policy: { rotateEveryMs: 2_592_000_000, graceMs: 172_800_000 },
      proof: { windowMs: 180_000, spacingMs: 2_000, settleMs: 120_000 },
    },
    vendor: undefined,
  })
})

test('a vendor needs no setting of the rotator', () => {
  expect(parseConfig(vendor)).toMatchObject({
    role: 'vendor',
    rotator: undefined,
    vendor: { checksQueueUrl: undefined },
  })
})

test('nobody is denied by default; a caller may ask once a second, 120 times at once', () => {
  expect(parseConfig(vendor).common).toMatchObject({
    admission: { denied: new Set(), rate: { perMinute: 60, burst: 120 } },
    maxInFlight: 1_000,
  })
})

test('who is denied is kept in lower case, and limits are numbers', () => {
  const given = {
    ...rotator,
    KEYSTILE_DENIED_CALLERS: '9D7F5B5C-3B0A-4D43-9A3F-0D2D6CE3A1AA, 11111111-1111-4111-8111-111111111111',
    KEYSTILE_RATE_PER_MINUTE: '1',
    KEYSTILE_RATE_BURST: '2',
    KEYSTILE_MAX_IN_FLIGHT: '999999',
  }
  expect(parseConfig(given).common).toMatchObject({
    admission: {
      denied: new Set(['9d7f5b5c-3b0a-4d43-9a3f-0d2d6ce3a1aa', '11111111-1111-4111-8111-111111111111']),
      rate: { perMinute: 1, burst: 2 },
    },
    maxInFlight: 999_999,
  })
})

test('all is both', () => {
  const config = parseConfig({ ...rotator, KEYSTILE_ROLE: 'all' })
  expect([config.rotator?.mode, config.vendor]).toEqual(['apply', { checksQueueUrl: undefined }])
})

test('nothing set: every required setting is named, in one error', () => {
  expect(problemsOf({})).toEqual([
    'KEYSTILE_ROLE must be rotator, vendor or all',
    'KEYSTILE_VAULT_URL is required',
    'KEYSTILE_TENANT_ID is required',
    'KEYSTILE_AUDIENCES is required',
    'AzureWebJobsStorage, AzureWebJobsStorage__accountName or both AzureWebJobsStorage__blobServiceUri and __queueServiceUri is required',
    'KEYSTILE_MODE must be apply or plan',
    'KEYSTILE_DEPLOYMENT is required',
  ])
})

test.each([
  ['KEYSTILE_ROLE', 'admin', 'KEYSTILE_ROLE must be rotator, vendor or all'],
  ['KEYSTILE_MODE', 'dry', 'KEYSTILE_MODE must be apply or plan'],
  ['KEYSTILE_MODE', '', 'KEYSTILE_MODE must be apply or plan'],
  ['KEYSTILE_VAULT_URL', 'https://marked.example', 'KEYSTILE_VAULT_URL is not https://{vault}.vault.azure.net'],
  ['KEYSTILE_TENANT_ID', 'common', 'KEYSTILE_TENANT_ID is not a GUID'],
  ['KEYSTILE_AUDIENCES', ' , ', 'KEYSTILE_AUDIENCES is required'],
  [
    'KEYSTILE_DENIED_CALLERS',
    'somebody,9d7f5b5c-3b0a-4d43-9a3f-0d2d6ce3a1aa',
    'KEYSTILE_DENIED_CALLERS is not a list of GUIDs',
  ],
  ['KEYSTILE_RATE_PER_MINUTE', '0', 'KEYSTILE_RATE_PER_MINUTE is not a whole number from 1 to 999999'],
  ['KEYSTILE_RATE_PER_MINUTE', '1.5', 'KEYSTILE_RATE_PER_MINUTE is not a whole number from 1 to 999999'],
  ['KEYSTILE_RATE_BURST', '0', 'KEYSTILE_RATE_BURST is not a whole number from 1 to 999999'],
  ['KEYSTILE_RATE_BURST', '-5', 'KEYSTILE_RATE_BURST is not a whole number from 1 to 999999'],
  ['KEYSTILE_MAX_IN_FLIGHT', '1e3', 'KEYSTILE_MAX_IN_FLIGHT is not a whole number from 1 to 999999'],
  ['KEYSTILE_MAX_IN_FLIGHT', '1000000', 'KEYSTILE_MAX_IN_FLIGHT is not a whole number from 1 to 999999'],
  ['KEYSTILE_DEPLOYMENT', 'a b', 'KEYSTILE_DEPLOYMENT must be 1 to 64 letters, digits, dots, dashes, underscores'],
  ['KEYSTILE_SUBSCRIPTIONS', 'x', 'KEYSTILE_SUBSCRIPTIONS is not a list of GUIDs'],
  ['KEYSTILE_SUBSCRIPTIONS', '', 'KEYSTILE_SUBSCRIPTIONS or KEYSTILE_ACCOUNTS is required'],
  [
    'KEYSTILE_ACCOUNTS',
    '/subscriptions/x',
    'KEYSTILE_ACCOUNTS is not a list of ARM ids of Microsoft.CognitiveServices accounts',
  ],
  ['KEYSTILE_SECRET_NAMES', `${ID}=a_b`, 'KEYSTILE_SECRET_NAMES is not a list of ARM id=secret name'],
  ['KEYSTILE_TAKE_OVER', 'speech-west', 'KEYSTILE_TAKE_OVER is not a list of ARM id=secret name'],
  ['KEYSTILE_SCHEDULE', '* * * * *', 'KEYSTILE_SCHEDULE is not an NCRONTAB expression of six fields'],
  ['KEYSTILE_SCHEDULE', '0 60 * * * *', 'KEYSTILE_SCHEDULE is not an NCRONTAB expression of six fields'],
  ['KEYSTILE_GRACE', 'P1M', 'KEYSTILE_GRACE is not an ISO 8601 duration of weeks, days, hours, minutes and seconds'],
  ['KEYSTILE_GRACE', 'PT1S', 'KEYSTILE_GRACE is below KEYSTILE_MIN_GRACE'],
  ['KEYSTILE_ROTATE_EVERY', 'PT1S', 'KEYSTILE_ROTATE_EVERY is below KEYSTILE_MIN_ROTATE_EVERY'],
  ['KEYSTILE_ROTATE_EVERY', 'P366D', 'KEYSTILE_ROTATE_EVERY is above KEYSTILE_MAX_ROTATE_EVERY'],
  ['KEYSTILE_WRITE_DEADLINE', 'PT41S', 'KEYSTILE_WRITE_DEADLINE is above 40 seconds'],
  ['KEYSTILE_QUARANTINE', 'PT59S', 'KEYSTILE_QUARANTINE is below twice KEYSTILE_WRITE_DEADLINE'],
  [
    'KEYSTILE_PROOF_SPACING',
    'P1D',
    'two proofs (KEYSTILE_PROOF_WINDOW, KEYSTILE_PROOF_SPACING) and KEYSTILE_SETTLE do not fit into 9 minutes',
  ],
  ['AzureWebJobsStorage', 'garbage', 'AzureWebJobsStorage is not a connection string'],
  ['AZURE_TOKEN_CREDENTIALS', 'everything', 'AZURE_TOKEN_CREDENTIALS must be dev, prod or the name of one credential'],
  [
    'KEYSTILE_PROOF_WINDOW',
    'PT8M',
    'two proofs (KEYSTILE_PROOF_WINDOW, KEYSTILE_PROOF_SPACING) and KEYSTILE_SETTLE do not fit into 9 minutes',
  ],
])('%s=%s is refused by name, without its value', (name, value, problem) => {
  expect(problemsOf({ ...rotator, [name]: value })).toEqual([problem])
})

test('a vendor may be given the address of the queue in the storage of the rotator', () => {
  const at = (KEYSTILE_CHECKS_QUEUE_URL: string) => ({ ...vendor, KEYSTILE_CHECKS_QUEUE_URL })
  const url = 'https://rotator.queue.core.windows.net/keystile-checks'
  expect(parseConfig(at(url)).vendor).toEqual({ checksQueueUrl: url })
  expect(problemsOf(at('https://rotator.queue.core.windows.net/keystile-requests'))).toEqual([
    'KEYSTILE_CHECKS_QUEUE_URL is not the https address of a queue named keystile-checks',
  ])
})

test('storage is a connection string, an account name, or two addresses', () => {
  const at = (settings: Record<string, string>) =>
    parseConfig({ ...vendor, AzureWebJobsStorage: '', ...settings }).common.storage
  expect(at({ AzureWebJobsStorage__accountName: 'host' })).toEqual({
    kind: 'identity',
    queueUrl: 'https://host.queue.core.windows.net',
    blobUrl: 'https://host.blob.core.windows.net',
  })
  const [queueUrl, blobUrl] = ['https://q.example', 'https://b.example']
  expect(at({ AzureWebJobsStorage__queueServiceUri: queueUrl, AzureWebJobsStorage__blobServiceUri: blobUrl })).toEqual({
    kind: 'identity',
    queueUrl,
    blobUrl,
  })
})

const warningsOf = (environment: Readonly<Record<string, string>>) => warnings(parseConfig(environment), environment)

test('a grace below 25 hours is worth a word', () => {
  expect(warningsOf({ ...rotator, KEYSTILE_GRACE: 'P1DT1H' })).toEqual([])
  expect(warningsOf({ ...rotator, KEYSTILE_GRACE: 'P1D' })).toEqual([
    'KEYSTILE_GRACE is below 25 hours: App Service references to Key Vault may hold a key for longer than that',
  ])
  expect(warningsOf(vendor)).toEqual([])
})

test('a setting that is misspelled is told by its name, and one that is empty or of others is not', () => {
  const misspelled = { KEYSTILE_DENIED_CALLER: 'marked-value', KEYSTILE_FORMER: '', SOMEBODY_ELSES: 'x' }
  expect(warningsOf({ ...vendor, ...misspelled })).toEqual(['KEYSTILE_DENIED_CALLER is no setting: it has no effect'])
})

test('every setting but the cloud’s has the prefix that tells it from the host’s', () => {
  expect(settingNames.filter((name) => !name.startsWith('KEYSTILE_'))).toEqual(['AZURE_CLOUD'])
  expect(settingNames).toHaveLength(29)
})

test('the longest proofs that fit: twice the window and its spacing, and the settle time, make nine minutes', () => {
  const at = (KEYSTILE_PROOF_WINDOW: string) => problemsOf({ ...rotator, KEYSTILE_PROOF_WINDOW })
  expect(at('PT204S')).toEqual([])
  expect(at('PT205S')).toHaveLength(1)
})

test('the longest quarantine that fits: it and one proof, with its settle time, make nine minutes', () => {
  const at = (KEYSTILE_QUARANTINE: string) => problemsOf({ ...rotator, KEYSTILE_QUARANTINE })
  // A window of three minutes, three times two seconds, and two minutes to settle.
  expect(at('PT234S')).toEqual([])
  expect(at('PT235S')).toEqual(['KEYSTILE_QUARANTINE and one proof with KEYSTILE_SETTLE do not fit into 9 minutes'])
})

test('a proof is begun no later than would have it end half a minute before the host ends the run', () => {
  expect(parseConfig(rotator).rotator?.timing).toEqual({
    writeDeadlineMs: 30_000,
    quarantineMs: 90_000,
    beginWithinMs: 264_000,
  })
})

test('addresses of storage that are none are refused', () => {
  const storage = {
    AzureWebJobsStorage: '',
    AzureWebJobsStorage__queueServiceUri: 'nonsense',
    AzureWebJobsStorage__blobServiceUri: 'https://b.example',
  }
  expect(problemsOf({ ...vendor, ...storage })).toEqual(['AzureWebJobsStorage__… does not name https addresses'])
})

test('what names accounts keeps their secrets apart, whatever the case of an id', () => {
  const config = parseConfig({
    ...rotator,
    KEYSTILE_SECRET_NAMES: `${ID.toUpperCase()}=Chosen`,
    KEYSTILE_TAKE_OVER: `${ID.toUpperCase()}=theirs`,
    KEYSTILE_KEYLESS_ACCOUNTS: ID.toUpperCase(),
    KEYSTILE_CLOCK_SKEW: 'PT3S',
  })
  expect(config.rotator?.fleet).toEqual({
    subscriptions: ['11111111-1111-4111-8111-111111111111'],
    accounts: [],
    secretNames: new Map([[ID.toLowerCase(), 'chosen']]),
    takeOver: new Map([[ID.toLowerCase(), 'theirs']]),
    keylessAccounts: new Set([ID.toLowerCase()]),
    publisher: 'prod',
    skewMs: 3_000,
  })
})
