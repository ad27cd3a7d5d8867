// The composition root: reads the settings, and registers what this app's role calls for. A vendor loads the Azure SDKs,
// and what is made of them, with its first vend, so that an instance is ready without. An app that rotates loads them
// before it registers anything: a message that it took and could not handle would be lost.

import { app, type HttpHandler, type StorageQueueHandler } from '@azure/functions'
import { systemClock } from './azure/system-clock.ts'
import { AppError } from './common/errors.ts'
import { type Lazy, lazy } from './common/lazy.ts'
import { andThen, orElse } from './common/soon.ts'
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
import { whereThrown } from './functions/source-place.ts'
import type { RotatorHandlers } from './parts/rotator.ts'
import type { Shared } from './parts/shared.ts'
import type { VendorHandlers } from './parts/vendor.ts'

type Route = [name: string, route: string]
const ISSUE_TOKEN: Route = ['issueToken', 'accounts/{account}/token']
const LIST_ACCOUNTS: Route = ['listAccounts', 'accounts']
const GET_ACCOUNT: Route = ['getAccount', 'accounts/{account}']
const ROTATE_ACCOUNT: Route = ['rotateAccount', 'accounts/{account}/rotate']
const REVOKE_ACCOUNT: Route = ['revokeAccount', 'accounts/{account}/revoke']
const ROTATOR_ROUTES = [LIST_ACCOUNTS, GET_ACCOUNT, ROTATE_ACCOUNT, REVOKE_ACCOUNT]
const HEALTH: Route = ['health', 'health']
const OPENAPI: Route = ['openapi', 'openapi.json']

const http = ([name, route]: Route, handler: HttpHandler): void =>
  app.http(name, { route, methods: allMethods, authLevel: 'anonymous', handler })

const queue = (name: string, queueName: string, handler: StorageQueueHandler): void =>
  app.storageQueue(name, { queueName, connection: 'AzureWebJobsStorage', handler })

/** For the log. What is not an error of ours may hold anything. */
const reasonOf = (error: unknown): string =>
  error instanceof AppError ? `${error.code}: ${error.message}` : `the app could not be loaded: ${whereThrown(error)}`

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

function registerRotator(handlers: RotatorHandlers, { schedule }: RotatorConfig): void {
  app.timer('rotationSchedule', { schedule, handler: handlers.rotationSchedule })
  queue('checkAccount', CHECKS_QUEUE, handlers.checkAccount)
  queue('nearExpiry', NEAR_EXPIRY_QUEUE, handlers.nearExpiry)
  queue('carryOutRequest', REQUESTS_QUEUE, handlers.carryOutRequest)
  http(LIST_ACCOUNTS, handlers.listAccounts)
  http(GET_ACCOUNT, handlers.getAccount)
  http(ROTATE_ACCOUNT, handlers.rotateAccount)
  http(REVOKE_ACCOUNT, handlers.revokeAccount)
}

function registerVendor(handlers: Lazy<VendorHandlers>): void {
  // Nothing is waited for once they are there. Where they cannot be made HTTP says so, as with settings known not to fit.
  http(ISSUE_TOKEN, (request, context) =>
    andThen(
      orElse<VendorHandlers | undefined>(handlers, (error) => {
        context.error(reasonOf(error))
        return undefined
      }),
      (made) => (made === undefined ? problem('misconfigured', context) : made.issueToken(request, context)),
    ),
  )
  // Where a platform lets an instance warm up before it sends requests, the first of them finds everything loaded.
  app.warmup('warmup', { handler: async () => void (await handlers()) })
}

async function makeRotator(shared: Lazy<Shared>, config: RotatorConfig): Promise<RotatorHandlers> {
  const [{ rotatorParts }, common] = await Promise.all([import('./parts/rotator.ts'), shared()])
  return fitting(() => rotatorParts(common, config))
}

async function makeVendor(shared: Lazy<Shared>, config: VendorConfig): Promise<VendorHandlers> {
  const [{ vendorParts }, common] = await Promise.all([import('./parts/vendor.ts'), shared()])
  return fitting(() => vendorParts(common, config))
}

function start(config: Config): void {
  const { common, rotator, vendor } = config
  const refusals = refusalCount({ clock: systemClock, log: (text) => console.warn(text) })
  const shared = lazy(async () => {
    const { sharedParts } = await import('./parts/shared.ts')
    return fitting(() => sharedParts(common, refusals))
  })
  for (const warning of warnings(config, process.env)) console.warn(warning)
  app.hook.appTerminate(refusals.flush)
  if (vendor) registerVendor(lazy(() => makeVendor(shared, vendor)))
  if (rotator === undefined) {
    registerForEverybody('ok')
    return
  }
  const register = (handlers: RotatorHandlers): void => {
    registerForEverybody('ok')
    registerRotator(handlers, rotator)
  }
  // The worker waits for this hook, and takes what is registered by its end.
  app.hook.appStart(() =>
    makeRotator(shared, rotator).then(register, (error) => registerMisconfigured(reasonOf(error), ROTATOR_ROUTES)),
  )
}

/** HTTP says that something is wrong; timers and queues stay unregistered, so that no message is taken and lost. */
function registerMisconfigured(problems: string, routes: readonly Route[]): void {
  console.error(`keystile is misconfigured:\n${problems}`)
  registerForEverybody('misconfigured')
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
if (config instanceof AppError) registerMisconfigured(config.message, [...ROTATOR_ROUTES, ISSUE_TOKEN])
else start(config)
