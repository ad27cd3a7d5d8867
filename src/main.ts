// The composition root: reads the settings, makes the adapters, and registers what this app's role calls for.

import { app, type HttpHandler, type StorageQueueHandler } from '@azure/functions'
import { DefaultAzureCredential, type TokenCredential } from '@azure/identity'
import { aiAccounts } from './azure/ai-accounts.ts'
import { boundedCredential } from './azure/credential.ts'
import { entraVerifier } from './azure/entra.ts'
import { blobLease, blobNotes } from './azure/lease.ts'
import { messageQueue } from './azure/message-queue.ts'
import { azurePacing } from './azure/pacing.ts'
import { recordReader } from './azure/record-reader.ts'
import { recordStore } from './azure/record-store.ts'
import { keyJudge, tokenService } from './azure/sts.ts'
import { systemClock } from './azure/system-clock.ts'
import { admit } from './callers/admit.ts'
import { authenticate } from './callers/authenticate.ts'
import type { AccountId } from './common/account.ts'
import { AppError } from './common/errors.ts'
import type { Tags } from './common/record.ts'
import {
  CHECKS_QUEUE,
  type CommonConfig,
  type Config,
  NEAR_EXPIRY_QUEUE,
  parseConfig,
  REQUESTS_QUEUE,
  type RotatorConfig,
  type VendorConfig,
  warnings,
} from './config.ts'
import { getAccountHandler, listAccountsHandler } from './functions/accounts.ts'
import { carryOutRequestHandler } from './functions/carry-out-request.ts'
import { checkAccountHandler, type NamedCheck } from './functions/check-account.ts'
import { allMethods, type EndpointDeps } from './functions/endpoint.ts'
import { healthHandler } from './functions/health.ts'
import { inFlight } from './functions/in-flight.ts'
import { issueTokenHandler } from './functions/issue-token.ts'
import { writeRecord } from './functions/log.ts'
import { misconfiguredHandler } from './functions/misconfigured.ts'
import { nearExpiryHandler } from './functions/near-expiry.ts'
import { openapiHandler } from './functions/openapi.ts'
import { refusalCount } from './functions/refusal-count.ts'
import { revokeAccountHandler, rotateAccountHandler } from './functions/requests.ts'
import { rotationScheduleHandler } from './functions/rotation-schedule.ts'
import { checkAccount } from './rotation/check-account.ts'
import { secretNameOf, termsOf } from './rotation/fleet.ts'
import { findAccount } from './rotation/fleet-names.ts'
import { recentRuns } from './rotation/fleet-recent.ts'
import { askForChecks } from './rotation/fleet-round.ts'
import type { Request } from './rotation/plan.ts'
import { proveKey } from './rotation/prove.ts'
import { askForRevoke, askForRotation, type RequestMessage } from './rotation/requests.ts'
import { getStatus, listStatus } from './rotation/status.ts'
import { issueToken } from './vending/issue-token.ts'
import type { VendingEvent } from './vending/ports.ts'

type Route = [name: string, route: string]
const ISSUE_TOKEN: Route = ['issueToken', 'accounts/{account}/token']
const LIST_ACCOUNTS: Route = ['listAccounts', 'accounts']
const GET_ACCOUNT: Route = ['getAccount', 'accounts/{account}']
const ROTATE_ACCOUNT: Route = ['rotateAccount', 'accounts/{account}/rotate']
const REVOKE_ACCOUNT: Route = ['revokeAccount', 'accounts/{account}/revoke']
const HEALTH: Route = ['health', 'health']
const OPENAPI: Route = ['openapi', 'openapi.json']

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

/** What every app answers, whatever its role and its settings. The document is read when somebody asks for it. */
const forEverybody = (status: Parameters<typeof healthHandler>[0]): Registration[] => [
  http(HEALTH, healthHandler(status)),
  http(
    OPENAPI,
    openapiHandler(async () => (await import('../docs/openapi.json', { with: { type: 'json' } })).default),
  ),
]

/** What both roles are made of. */
interface Shared extends EndpointDeps {
  readonly common: CommonConfig
  readonly credential: TokenCredential
}

function rotatorParts(shared: Shared, config: RotatorConfig): Registration[] {
  const { fleet: settings, mode, policy, proof, schedule, period, timing } = config
  const { common, credential } = shared
  const { cloud, storage, vaultUrl } = common
  const clock = systemClock
  const checkEveryMs = period.longestMs
  const pacing = azurePacing(clock)
  const accounts = aiAccounts({ credential, cloud, clock, pacing })
  // A key that has to die does not stand in line behind checks.
  const urgent = aiAccounts({ credential, cloud, clock, pacing, urgent: true })
  const store = recordStore({ credential, vaultUrl, cloud, clock, lane: pacing.vault })
  const checks = messageQueue<NamedCheck>({ storage, name: CHECKS_QUEUE }, credential)
  const requests = messageQueue<RequestMessage>({ storage, name: REQUESTS_QUEUE }, credential)
  const notes = blobNotes({ storage, credential, vaultUrl })
  const look = { accounts, store, settings, policy, clock }
  const status = { ...look, records: store, notes, checkEveryMs, cloud }
  const terms = (id: AccountId, tags: Tags) => termsOf(settings, id, tags)
  const run = {
    store,
    lease: blobLease({ storage, credential, clock, vaultUrl }),
    timing,
    pacing,
    clock,
    prove: proveKey({ judge: keyJudge({ cloud, clock }), clock, terms: proof }),
    policy,
    mode,
    checkEveryMs,
    termsOf: terms,
    secretNameOf: (id: AccountId, tags: Tags) => secretNameOf(settings, id, tags),
  }
  const inTurn = checkAccount({ ...run, accounts })
  const atOnce = checkAccount({ ...run, accounts: urgent })
  const runOne = (id: AccountId, request: Request) => (request.kind === 'revoke' ? atOnce : inTurn)(id, request)
  const { check, covers } = recentRuns({ check: runOne, clock, skewMs: settings.skewMs })
  const asking = { ...look, termsOf: terms, requests, mode }
  const revoking = { ...asking, accounts: urgent }
  const round = askForChecks({ ...look, records: store, checks, everyMs: period.shortestMs })
  const scheduled = rotationScheduleHandler({ askForChecks: round })
  const find = findAccount(look)
  return [
    () => app.timer('rotationSchedule', { schedule, handler: scheduled }),
    queue('checkAccount', CHECKS_QUEUE, checkAccountHandler({ find, checks, check, covers, clock })),
    queue('nearExpiry', NEAR_EXPIRY_QUEUE, nearExpiryHandler({ checks, vaultUrl })),
    queue('carryOutRequest', REQUESTS_QUEUE, carryOutRequestHandler({ requests, check, clock })),
    http(LIST_ACCOUNTS, listAccountsHandler({ ...shared, listStatus: listStatus(status) })),
    http(GET_ACCOUNT, getAccountHandler({ ...shared, getStatus: getStatus(status) })),
    http(ROTATE_ACCOUNT, rotateAccountHandler({ ...shared, askForRotation: askForRotation(asking) })),
    http(REVOKE_ACCOUNT, revokeAccountHandler({ ...shared, askForRevoke: askForRevoke(revoking) })),
  ]
}

/** How what a vendor notices beside its requests is called in the log. */
const VENDING_RECORDS = {
  'check-lost': 'check.lost',
  'failed-over': 'vend.failedOver',
  'look-failed': 'vend.lookFailed',
} as const satisfies Record<VendingEvent['kind'], string>

function vendorParts(shared: Shared, { checksQueueUrl }: VendorConfig): Registration[] {
  const { common, credential } = shared
  const { cloud, storage, vaultUrl } = common
  const place = checksQueueUrl === undefined ? { storage, name: CHECKS_QUEUE } : { url: checksQueueUrl }
  const issue = issueToken({
    records: recordReader({ credential, vaultUrl }),
    tokens: tokenService({ cloud, clock: systemClock, credential }),
    checks: messageQueue(place, credential),
    clock: systemClock,
    cloud,
    keyless: common.keylessAccounts,
    random: Math.random,
    report: ({ kind, ...fields }) => writeRecord((text) => console.warn(text), VENDING_RECORDS[kind], fields),
  })
  return [http(ISSUE_TOKEN, issueTokenHandler({ ...shared, issue }))]
}

/** Who may ask, and how much: of one process, whatever its role. */
function callersParts({ cloud, tenantId, audiences, admission, maxInFlight }: CommonConfig) {
  const clock = systemClock
  return {
    authenticate: authenticate({ verifier: entraVerifier({ cloud, tenantId, audiences, clock }), tenantId, clock }),
    admit: admit(admission),
    inFlight: inFlight(maxInFlight),
    refusals: refusalCount({ clock, log: (text) => console.warn(text) }),
  }
}

function parts(config: Config): Registration[] {
  const { common, rotator, vendor } = config
  const callers = callersParts(common)
  const shared: Shared = {
    common,
    credential: boundedCredential(new DefaultAzureCredential({ authorityHost: `https://${common.cloud.login}` })),
    ...callers,
  }
  for (const warning of warnings(config)) console.warn(warning)
  return [
    () => app.hook.appTerminate(callers.refusals.flush),
    ...forEverybody('ok'),
    ...(rotator ? rotatorParts(shared, rotator) : []),
    ...(vendor ? vendorParts(shared, vendor) : []),
  ]
}

/** HTTP says that something is wrong; timers and queues stay unregistered, so that no message is taken and lost. */
function misconfiguredParts(error: unknown): Registration[] {
  const why = error instanceof AppError ? error.message : 'a setting of the host or of the credential does not fit'
  console.error(`keystile is misconfigured:\n${why}`)
  const routes = [LIST_ACCOUNTS, GET_ACCOUNT, ROTATE_ACCOUNT, REVOKE_ACCOUNT, ISSUE_TOKEN]
  return [...forEverybody('misconfigured'), ...routes.map((route) => http(route, misconfiguredHandler))]
}

function compose(): Registration[] {
  try {
    return parts(parseConfig(process.env))
  } catch (error) {
    return misconfiguredParts(error)
  }
}

for (const register of compose()) register()
