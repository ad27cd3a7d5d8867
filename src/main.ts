// The composition root: reads the settings, makes the adapters, and registers what this app's role calls for.

import { app, type HttpHandler } from '@azure/functions'
import { DefaultAzureCredential } from '@azure/identity'
import { aiAccounts } from './azure/ai-accounts.ts'
import { checkQueue } from './azure/check-queue.ts'
import { entraVerifier } from './azure/entra.ts'
import { blobLease } from './azure/lease.ts'
import { recordReader } from './azure/record-reader.ts'
import { recordStore } from './azure/record-store.ts'
import { tokenService } from './azure/sts.ts'
import { systemClock } from './azure/system-clock.ts'
import { authenticate } from './callers/authenticate.ts'
import { AppError } from './common/errors.ts'
import {
  CHECKS_QUEUE,
  type CommonConfig,
  type Config,
  parseConfig,
  type RotatorConfig,
  type VendorConfig,
  warnings,
} from './config.ts'
import { getAccountHandler, listAccountsHandler } from './functions/accounts.ts'
import { checkAccountHandler } from './functions/check-account.ts'
import { allMethods, type EndpointDeps } from './functions/endpoint.ts'
import { healthHandler } from './functions/health.ts'
import { issueTokenHandler } from './functions/issue-token.ts'
import { misconfiguredHandler } from './functions/misconfigured.ts'
import { rotationScheduleHandler } from './functions/rotation-schedule.ts'
import { checkAccount } from './rotation/check-account.ts'
import { askForChecks, findAccount, secretNameOf, termsOf } from './rotation/fleet.ts'
import { proveKey } from './rotation/prove.ts'
import { getStatus, listStatus } from './rotation/status.ts'
import { issueToken } from './vending/issue-token.ts'

const HOUR_MS = 3_600_000

type Route = [name: string, route: string]
const ISSUE_TOKEN: Route = ['issueToken', 'accounts/{account}/token']
const LIST_ACCOUNTS: Route = ['listAccounts', 'accounts']
const GET_ACCOUNT: Route = ['getAccount', 'accounts/{account}']
const HEALTH: Route = ['health', 'health']

const http = ([name, route]: Route, handler: HttpHandler) =>
  app.http(name, { route, methods: allMethods, authLevel: 'anonymous', handler })

/** What both roles are made of. */
interface Shared extends EndpointDeps {
  readonly common: CommonConfig
  readonly credential: DefaultAzureCredential
  readonly tokens: ReturnType<typeof tokenService>
}

function registerRotator(shared: Shared, { fleet, mode, policy, proof, schedule }: RotatorConfig): void {
  const { common, credential, tokens } = shared
  const { cloud, storage, vaultUrl } = common
  const clock = systemClock
  const accounts = aiAccounts(credential)
  const store = recordStore({ credential, vaultUrl, cloud })
  const checks = checkQueue({ place: { storage }, name: CHECKS_QUEUE, credential })
  const status = { accounts, store, settings: fleet, policy, clock }
  const check = checkAccount({
    accounts,
    store,
    lease: blobLease({ storage, credential, vaultUrl }),
    checks,
    clock,
    prove: proveKey({ judge: tokens, clock, terms: proof }),
    policy,
    mode,
    checkEveryMs: HOUR_MS,
    termsOf: (id, tags) => termsOf(fleet, id, tags),
    secretNameOf: (id, tags) => secretNameOf(fleet, id, tags),
  })
  app.timer('rotationSchedule', {
    schedule,
    handler: rotationScheduleHandler({ askForChecks: askForChecks({ accounts, settings: fleet, checks }) }),
  })
  app.storageQueue('checkAccount', {
    queueName: CHECKS_QUEUE,
    connection: 'AzureWebJobsStorage',
    handler: checkAccountHandler({ find: findAccount({ accounts, settings: fleet }), check, clock }),
  })
  http(LIST_ACCOUNTS, listAccountsHandler({ ...shared, listStatus: listStatus(status) }))
  http(GET_ACCOUNT, getAccountHandler({ ...shared, getStatus: getStatus(status) }))
}

function registerVendor(shared: Shared, { checksQueueUrl }: VendorConfig): void {
  const { common, credential, tokens } = shared
  const { cloud, storage, vaultUrl } = common
  const place = checksQueueUrl === undefined ? { storage } : { url: checksQueueUrl }
  const issue = issueToken({
    records: recordReader({ credential, vaultUrl }),
    tokens,
    checks: checkQueue({ place, name: CHECKS_QUEUE, credential }),
    clock: systemClock,
    cloud,
  })
  http(ISSUE_TOKEN, issueTokenHandler({ ...shared, issue, clock: systemClock }))
}

function register(config: Config): void {
  const { common, rotator, vendor } = config
  const shared: Shared = {
    common,
    credential: new DefaultAzureCredential(),
    tokens: tokenService({ cloud: common.cloud, clock: systemClock }),
    authenticate: authenticate({ verifier: entraVerifier(common), tenantId: common.tenantId }),
  }
  for (const warning of warnings(config)) console.warn(warning)
  http(HEALTH, healthHandler('ok'))
  if (rotator) registerRotator(shared, rotator)
  if (vendor) registerVendor(shared, vendor)
}

/** HTTP says that something is wrong; timers and queues stay unregistered, so that no message is taken and lost. */
function registerMisconfigured({ message }: AppError): void {
  console.error(`keystile is misconfigured:\n${message}`)
  http(HEALTH, healthHandler('misconfigured'))
  for (const route of [LIST_ACCOUNTS, GET_ACCOUNT, ISSUE_TOKEN]) http(route, misconfiguredHandler)
}

try {
  register(parseConfig(process.env))
} catch (error) {
  if (!(error instanceof AppError)) throw error
  registerMisconfigured(error)
}
