// The composition root: reads the settings, makes the adapters, and registers what this app's role calls for.

import { app, type HttpHandler, type StorageQueueHandler } from '@azure/functions'
import { DefaultAzureCredential } from '@azure/identity'
import { aiAccounts } from './azure/ai-accounts.ts'
import { entraVerifier } from './azure/entra.ts'
import { blobLease, blobNotes } from './azure/lease.ts'
import { messageQueue } from './azure/message-queue.ts'
import { azurePacing } from './azure/pacing.ts'
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
import { secretNameOf, termsOf } from './rotation/fleet.ts'
import { findAccount } from './rotation/fleet-names.ts'
import { recentRuns } from './rotation/fleet-recent.ts'
import { askForChecks } from './rotation/fleet-round.ts'
import type { CheckMessage } from './rotation/ports.ts'
import { proveKey } from './rotation/prove.ts'
import { askForRevoke, askForRotation, type RequestMessage } from './rotation/requests.ts'
import { getStatus, listStatus } from './rotation/status.ts'
import { issueToken } from './vending/issue-token.ts'

type Route = [name: string, route: string]
const ISSUE_TOKEN: Route = ['issueToken', 'accounts/{account}/token']
const LIST_ACCOUNTS: Route = ['listAccounts', 'accounts']
const GET_ACCOUNT: Route = ['getAccount', 'accounts/{account}']
const ROTATE_ACCOUNT: Route = ['rotateAccount', 'accounts/{account}/rotate']
const REVOKE_ACCOUNT: Route = ['revokeAccount', 'accounts/{account}/revoke']
const HEALTH: Route = ['health', 'health']

/** Everything is made before anything is registered: what cannot be made must not leave half an app behind. */
type Registration = () => void

const queue =
  (name: string, queueName: string, handler: StorageQueueHandler): Registration =>
  () =>
    app.storageQueue(name, { queueName, connection: 'AzureWebJobsStorage', handler })

const http =
  ([name, route]: Route, handler: HttpHandler): Registration =>
  () =>
    app.http(name, { route, methods: allMethods, authLevel: 'anonymous', handler })

/** What both roles are made of. */
interface Shared extends EndpointDeps {
  readonly common: CommonConfig
  readonly credential: DefaultAzureCredential
  readonly tokens: ReturnType<typeof tokenService>
}

function rotatorParts(shared: Shared, config: RotatorConfig): Registration[] {
  const { fleet: settings, mode, policy, proof, schedule, period, timing } = config
  const { common, credential, tokens } = shared
  const { cloud, storage, vaultUrl } = common
  const clock = systemClock
  const checkEveryMs = period.longestMs
  const pacing = azurePacing(clock)
  const accounts = aiAccounts(credential, pacing)
  const store = recordStore({ credential, vaultUrl, cloud, lane: pacing.vault })
  const checks = messageQueue<CheckMessage>({ storage, name: CHECKS_QUEUE }, credential)
  const requests = messageQueue<RequestMessage>({ storage, name: REQUESTS_QUEUE }, credential)
  const notes = blobNotes({ storage, credential, vaultUrl })
  const look = { accounts, store, settings, policy, clock }
  const status = { ...look, records: store, notes, checkEveryMs }
  const terms = (id: AccountId, tags: Tags) => termsOf(settings, id, tags)
  const runOne = checkAccount({
    accounts,
    store,
    lease: blobLease({ storage, credential, clock, vaultUrl }),
    timing,
    pacing,
    clock,
    prove: proveKey({ judge: tokens, clock, terms: proof }),
    policy,
    mode,
    checkEveryMs,
    termsOf: terms,
    secretNameOf: (id, tags) => secretNameOf(settings, id, tags),
  })
  const { check, covers } = recentRuns({ check: runOne, clock, skewMs: settings.skewMs })
  const asking = { ...look, termsOf: terms, requests, mode }
  const round = askForChecks({ ...look, records: store, checks, everyMs: period.shortestMs })
  const scheduled = rotationScheduleHandler({ askForChecks: round })
  const find = findAccount(look)
  return [
    () => app.timer('rotationSchedule', { schedule, handler: scheduled }),
    queue('checkAccount', CHECKS_QUEUE, checkAccountHandler({ find, checks, check, covers, clock })),
    queue('carryOutRequest', REQUESTS_QUEUE, carryOutRequestHandler({ requests, check, clock })),
    http(LIST_ACCOUNTS, listAccountsHandler({ ...shared, listStatus: listStatus(status) })),
    http(GET_ACCOUNT, getAccountHandler({ ...shared, getStatus: getStatus(status) })),
    http(ROTATE_ACCOUNT, rotateAccountHandler({ ...shared, askForRotation: askForRotation(asking) })),
    http(REVOKE_ACCOUNT, revokeAccountHandler({ ...shared, askForRevoke: askForRevoke(asking) })),
  ]
}

function vendorParts(shared: Shared, { checksQueueUrl }: VendorConfig): Registration[] {
  const { common, credential, tokens } = shared
  const { cloud, storage, vaultUrl } = common
  const place = checksQueueUrl === undefined ? { storage, name: CHECKS_QUEUE } : { url: checksQueueUrl }
  const issue = issueToken({
    records: recordReader({ credential, vaultUrl }),
    tokens,
    checks: messageQueue(place, credential),
    clock: systemClock,
    cloud,
    onLostCheck: (account) => console.warn(`check.lost ${JSON.stringify({ account })}`),
  })
  return [http(ISSUE_TOKEN, issueTokenHandler({ ...shared, issue, clock: systemClock }))]
}

function parts(config: Config): Registration[] {
  const { common, rotator, vendor } = config
  const shared: Shared = {
    common,
    credential: new DefaultAzureCredential(),
    tokens: tokenService({ cloud: common.cloud, clock: systemClock }),
    authenticate: authenticate({ verifier: entraVerifier(common), tenantId: common.tenantId }),
  }
  for (const warning of warnings(config)) console.warn(warning)
  return [
    http(HEALTH, healthHandler('ok')),
    ...(rotator ? rotatorParts(shared, rotator) : []),
    ...(vendor ? vendorParts(shared, vendor) : []),
  ]
}

/** HTTP says that something is wrong; timers and queues stay unregistered, so that no message is taken and lost. */
function misconfiguredParts(error: unknown): Registration[] {
  const why = error instanceof AppError ? error.message : 'a setting of the host or of the credential does not fit'
  console.error(`keystile is misconfigured:\n${why}`)
  const routes = [LIST_ACCOUNTS, GET_ACCOUNT, ROTATE_ACCOUNT, REVOKE_ACCOUNT, ISSUE_TOKEN]
  return [http(HEALTH, healthHandler('misconfigured')), ...routes.map((route) => http(route, misconfiguredHandler))]
}

function compose(): Registration[] {
  try {
    return parts(parseConfig(process.env))
  } catch (error) {
    return misconfiguredParts(error)
  }
}

for (const register of compose()) register()
