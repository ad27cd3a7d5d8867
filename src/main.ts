// The composition root: reads the settings, and registers what this app's role calls for. The Azure SDKs and what is
// made of them are loaded with the first invocation that needs them, so that an instance is ready without.

import { app, type HttpHandler, type InvocationContext, type StorageQueueHandler } from '@azure/functions'
import { systemClock } from './azure/system-clock.ts'
import { AppError } from './common/errors.ts'
import { type Lazy, lazy } from './common/lazy.ts'
import { andThen, orElse, type Soon } from './common/soon.ts'
import {
  CHECKS_QUEUE,
  type Config,
  NEAR_EXPIRY_QUEUE,
  parseConfig,
  REQUESTS_QUEUE,
  type RotatorConfig,
  type VendorConfig,
  warnings,
} from './config.ts'
import { allMethods } from './functions/endpoint.ts'
import { healthHandler } from './functions/health.ts'
import { misconfiguredHandler } from './functions/misconfigured.ts'
import { openapiHandler } from './functions/openapi.ts'
import { problem } from './functions/problem.ts'
import { refusalCount } from './functions/refusal-count.ts'
import type { Shared } from './parts/shared.ts'
import type { VendorHandlers } from './parts/vendor.ts'

type Route = [name: string, route: string]
const ISSUE_TOKEN: Route = ['issueToken', 'accounts/{account}/token']
const LIST_ACCOUNTS: Route = ['listAccounts', 'accounts']
const GET_ACCOUNT: Route = ['getAccount', 'accounts/{account}']
const ROTATE_ACCOUNT: Route = ['rotateAccount', 'accounts/{account}/rotate']
const REVOKE_ACCOUNT: Route = ['revokeAccount', 'accounts/{account}/revoke']
const HEALTH: Route = ['health', 'health']
const OPENAPI: Route = ['openapi', 'openapi.json']

const http = ([name, route]: Route, handler: HttpHandler): void =>
  app.http(name, { route, methods: allMethods, authLevel: 'anonymous', handler })

const queue = (name: string, queueName: string, handler: StorageQueueHandler): void =>
  app.storageQueue(name, { queueName, connection: 'AzureWebJobsStorage', handler })

type Handler<Input, Result> = (input: Input, context: InvocationContext) => Soon<Result>

/** A handler that is there from the first invocation on; nothing is waited for once it is. */
const late =
  <Parts, Input, Result>(parts: Lazy<Parts>, pick: (parts: Parts) => Handler<Input, Result>): Handler<Input, Result> =>
  (input, context) =>
    andThen(parts(), (made) => pick(made)(input, context))

/** The same for HTTP: where the parts cannot be made it says so, as with settings that are known not to fit. */
const lateHttp =
  <Parts>(parts: Lazy<Parts>, pick: (parts: Parts) => HttpHandler): HttpHandler =>
  (request, context) =>
    andThen(
      orElse<Parts | undefined>(parts, (error) => {
        context.error(error instanceof AppError ? `${error.code}: ${error.message}` : 'the app could not be loaded')
        return undefined
      }),
      (made) => (made === undefined ? problem('misconfigured', context) : pick(made)(request, context)),
    )

/** What an SDK says of a setting that it does not take may hold its value. */
function fitting<T>(make: () => T): T {
  try {
    return make()
  } catch {
    throw new AppError('settings_invalid', 'a setting of the host or of the credential does not fit')
  }
}

/** What every app answers, whatever its role and its settings. The document is read when somebody asks for it. */
function registerForEverybody(status: Parameters<typeof healthHandler>[0]): void {
  http(HEALTH, healthHandler(status))
  http(
    OPENAPI,
    openapiHandler(async () => (await import('../docs/openapi.json', { with: { type: 'json' } })).default),
  )
}

/** What an app of one role is made of, with the first invocation that needs it. */
const partsOf = <Parts>(shared: Lazy<Shared>, load: () => Promise<(shared: Shared) => Parts>): Lazy<Parts> =>
  lazy(async () => {
    const [make, common] = await Promise.all([load(), shared()])
    return fitting(() => make(common))
  })

function registerRotator(shared: Lazy<Shared>, config: RotatorConfig): void {
  const parts = partsOf(shared, async () => {
    const { rotatorParts } = await import('./parts/rotator.ts')
    return (common) => rotatorParts(common, config)
  })
  const { schedule } = config
  app.timer('rotationSchedule', { schedule, handler: late(parts, ({ rotationSchedule }) => rotationSchedule) })
  queue(
    'checkAccount',
    CHECKS_QUEUE,
    late(parts, ({ checkAccount }) => checkAccount),
  )
  queue(
    'nearExpiry',
    NEAR_EXPIRY_QUEUE,
    late(parts, ({ nearExpiry }) => nearExpiry),
  )
  queue(
    'carryOutRequest',
    REQUESTS_QUEUE,
    late(parts, ({ carryOutRequest }) => carryOutRequest),
  )
  http(
    LIST_ACCOUNTS,
    lateHttp(parts, ({ listAccounts }) => listAccounts),
  )
  http(
    GET_ACCOUNT,
    lateHttp(parts, ({ getAccount }) => getAccount),
  )
  http(
    ROTATE_ACCOUNT,
    lateHttp(parts, ({ rotateAccount }) => rotateAccount),
  )
  http(
    REVOKE_ACCOUNT,
    lateHttp(parts, ({ revokeAccount }) => revokeAccount),
  )
}

function registerVendor(shared: Lazy<Shared>, config: VendorConfig): Lazy<VendorHandlers> {
  const parts = partsOf(shared, async () => {
    const { vendorParts } = await import('./parts/vendor.ts')
    return (common) => vendorParts(common, config)
  })
  http(
    ISSUE_TOKEN,
    lateHttp(parts, ({ issueToken }) => issueToken),
  )
  return parts
}

function register(config: Config): void {
  const { common, rotator, vendor } = config
  const refusals = refusalCount({ clock: systemClock, log: (text) => console.warn(text) })
  const shared = lazy(async () => {
    const { sharedParts } = await import('./parts/shared.ts')
    return fitting(() => sharedParts(common, refusals))
  })
  for (const warning of warnings(config)) console.warn(warning)
  app.hook.appTerminate(refusals.flush)
  registerForEverybody('ok')
  if (rotator) registerRotator(shared, rotator)
  if (vendor) {
    const parts = registerVendor(shared, vendor)
    // Where a platform lets an instance warm up before it sends requests, the first of them finds everything loaded.
    app.warmup('warmup', { handler: async () => void (await parts()) })
  }
}

/** HTTP says that something is wrong; timers and queues stay unregistered, so that no message is taken and lost. */
function registerMisconfigured(problems: string): void {
  console.error(`keystile is misconfigured:\n${problems}`)
  registerForEverybody('misconfigured')
  const routes = [LIST_ACCOUNTS, GET_ACCOUNT, ROTATE_ACCOUNT, REVOKE_ACCOUNT, ISSUE_TOKEN]
  for (const route of routes) http(route, misconfiguredHandler)
}

function read(): Config | AppError {
  try {
    return parseConfig(process.env)
  } catch (error) {
    if (error instanceof AppError) return error
    // An entry that throws registers nothing, and the host then says nothing of why.
    return new AppError('settings_invalid', 'the settings could not be read')
  }
}

const config = read()
if (config instanceof AppError) registerMisconfigured(config.message)
else register(config)
