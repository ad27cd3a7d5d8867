// The composition root: reads the settings, makes the adapters, and registers what this app's role calls for.

import { app, type HttpHandler } from '@azure/functions'
import { DefaultAzureCredential } from '@azure/identity'
import { aiAccounts } from './azure/ai-accounts.ts'
import { entraVerifier } from './azure/entra.ts'
import { blobLease } from './azure/lease.ts'
import { messageQueue } from './azure/message-queue.ts'
import { recordReader } from './azure/record-reader.ts'
import { recordStore } from './azure/record-store.ts'
import { tokenService } from './azure/sts.ts'
import { systemClock } from './azure/system-clock.ts'
import { authenticate } from './callers/authenticate.ts'
import type { AccountId } from './common/account.ts'
import { AppError } from './common/errors.ts'
import type { Tags } from './common/record.ts'
import {
  CHECKS_QUEUE,
  type CommonConfig,
  type Config,
  parseConfig,
  REQUESTS_QUEUE,
  type RotatorConfig,
  type VendorConfig,
  warnings,
} from './config.ts'
import { getAccountHandler, listAccountsHandler } from './functions/accounts.ts'
import { carryOutRequestHandler } from './functions/carry-out-request.ts'
import { checkAccountHandler } from './functions/check-account.ts'
import { allMethods, type EndpointDeps } from './functions/endpoint.ts'
import { healthHandler } from './functions/health.ts'
import { issueTokenHandler } from './functions/issue-token.ts'
import { misconfiguredHandler } from './functions/misconfigured.ts'
import { revokeAccountHandler, rotateAccountHandler } from './functions/requests.ts'
import { rotationScheduleHandler } from './functions/rotation-schedule.ts'
import { checkAccount } from './rotation/check-account.ts'
import { askForChecks, findAccount, secretNameOf, termsOf } from './rotation/fleet.ts'
import type { CheckMessage } from './rotation/ports.ts'
import { proveKey } from './rotation/prove.ts'
import { askForRevoke, askForRotation, type RequestMessage } from './rotation/requests.ts'
import { getStatus, listStatus } from './rotation/status.ts'
import { issueToken } from './vending/issue-token.ts'

const HOUR_MS = 3_600_000

type Route = [name: string, route: string]
const ISSUE_TOKEN: Route = ['issueToken', 'accounts/{account}/token']
const LIST_ACCOUNTS: Route = ['listAccounts', 'accounts']
const GET_ACCOUNT: Route = ['getAccount', 'accounts/{account}']
const ROTATE_ACCOUNT: Route = ['rotateAccount', 'accounts/{account}/rotate']
const REVOKE_ACCOUNT: Route = ['revokeAccount', 'accounts/{account}/revoke']
const HEALTH: Route = ['health', 'health']

const http = ([name, route]: Route, handler: HttpHandler) =>
  app.http(name, { route, methods: allMethods, authLevel: 'anonymous', handler })

/** What both roles are made of. */
interface Shared extends EndpointDeps {
  readonly common: CommonConfig
  readonly credential: DefaultAzureCredential
  readonly tokens: ReturnType<typeof tokenService>
}

function registerRotator(shared: Shared, { fleet, mode, policy, proof, schedule, timing }: RotatorConfig): void {
  const { common, credential, tokens } = shared
  const { cloud, storage, vaultUrl } = common
  const clock = systemClock
  const accounts = aiAccounts(credential)
  const store = recordStore({ credential, vaultUrl, cloud })
  const checks = messageQueue<CheckMessage>({ storage, name: CHECKS_QUEUE }, credential)
  const requests = messageQueue<RequestMessage>({ storage, name: REQUESTS_QUEUE }, credential)
  const status = { accounts, store, settings: fleet, policy, clock }
  const terms = (id: AccountId, tags: Tags) => termsOf(fleet, id, tags)
  const check = checkAccount({
    accounts,
    store,
    lease: blobLease({ storage, credential, clock, vaultUrl }),
    timing,
    clock,
    prove: proveKey({ judge: tokens, clock, terms: proof }),
    policy,
    mode,
    checkEveryMs: HOUR_MS,
    termsOf: terms,
    secretNameOf: (id, tags) => secretNameOf(fleet, id, tags),
  })
  const asking = { accounts, store, clock, policy, termsOf: terms, settings: fleet, requests, mode }
  app.timer('rotationSchedule', {
    schedule,
    handler: rotationScheduleHandler({ askForChecks: askForChecks({ accounts, settings: fleet, checks }) }),
  })
  app.storageQueue('checkAccount', {
    queueName: CHECKS_QUEUE,
    connection: 'AzureWebJobsStorage',
    handler: checkAccountHandler({ find: findAccount({ accounts, settings: fleet }), checks, check, clock }),
  })
  app.storageQueue('carryOutRequest', {
    queueName: REQUESTS_QUEUE,
    connection: 'AzureWebJobsStorage',
    handler: carryOutRequestHandler({ requests, check, clock }),
  })
  http(LIST_ACCOUNTS, listAccountsHandler({ ...shared, listStatus: listStatus(status) }))
  http(GET_ACCOUNT, getAccountHandler({ ...shared, getStatus: getStatus(status) }))
  http(ROTATE_ACCOUNT, rotateAccountHandler({ ...shared, askForRotation: askForRotation(asking) }))
  http(REVOKE_ACCOUNT, revokeAccountHandler({ ...shared, askForRevoke: askForRevoke(asking) }))
}

function registerVendor(shared: Shared, { checksQueueUrl }: VendorConfig): void {
  const { common, credential, tokens } = shared
  const { cloud, storage, vaultUrl } = common
  const place = checksQueueUrl === undefined ? { storage, name: CHECKS_QUEUE } : { url: checksQueueUrl }
  const issue = issueToken({
    records: recordReader({ credential, vaultUrl }),
    tokens,
    checks: messageQueue(place, credential),
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
  for (const route of [LIST_ACCOUNTS, GET_ACCOUNT, ROTATE_ACCOUNT, REVOKE_ACCOUNT, ISSUE_TOKEN])
    http(route, misconfiguredHandler)
}

try {
  register(parseConfig(process.env))
} catch (error) {
  if (!(error instanceof AppError)) throw error
  registerMisconfigured(error)
}
