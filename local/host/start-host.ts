// The host in one process: settings, port, app, indexing, then listeners; and the way back.

import { resolve } from 'node:path'
import { createCore } from './core.ts'
import { describeError, StartError } from './errors.ts'
import { describeFunction, type HostFunction, textOption, unsupportedParts } from './functions.ts'
import { readHostJson } from './host-json.ts'
import { httpRoutes, listen } from './http.ts'
import { createInvoker } from './invoke.ts'
import { startListeners } from './listeners.ts'
import { installCore, loadApp } from './load.ts'
import { createLogger, type LogLevel } from './log.ts'
import { applyValues, type Env, readLocalSettings } from './settings.ts'

export interface HostOptions {
  /** The app's folder, the one with host.json and package.json. */
  readonly root: string
  /** 0 picks a free one. Default: `Host.LocalHttpPort` of local.settings.json, else 7071. */
  readonly port?: number | undefined
  /** Receives the values of local.settings.json that it lacks. The app itself reads `process.env`, the default. */
  readonly env?: Env
  /** One line without its end. Default: standard output. */
  readonly log?: (line: string) => void
  /** Allowed besides those of local.settings.json. */
  readonly corsOrigins?: readonly string[]
  /** How long `close` waits for running calls, in milliseconds. Default 10,000. */
  readonly drainMs?: number
}

export interface RunningHost {
  readonly port: number
  /** Names, in the order of registration. */
  readonly functions: readonly string[]
  /** Takes no more work, waits for what runs, then runs the appTerminate hooks. May be called more than once. */
  close(): Promise<void>
}

/**
 * Runs the app. One process can do this once, since the app's modules stay loaded.
 *
 * @throws {StartError} One line that says what is wrong with the settings, the port or the app. The cause of an app
 *   that registers nothing is in the log.
 */
export async function startHost(options: HostOptions): Promise<RunningHost> {
  const root = resolve(options.root)
  const env = options.env ?? process.env
  const logger = createLogger(options.log ?? ((line) => void process.stdout.write(`${line}\n`)))
  const say = (level: LogLevel, message: string) => logger.log(level, 'host', 'Host.Startup', message)

  const local = readLocalSettings(root)
  const hostJson = readHostJson(root)
  logger.setLevels(hostJson.logLevels)
  for (const name of applyValues(local.values, env)) {
    say(
      'information',
      `Skipping '${name}' from local settings as it's already defined in current environment variables.`,
    )
  }
  if (!env.FUNCTIONS_WORKER_RUNTIME) say('warning', 'FUNCTIONS_WORKER_RUNTIME is not set; it should be node.')

  const server = await listen(options.port ?? local.port ?? 7071)
  try {
    const core = createCore((level, _category, message) => logger.log(level, 'host', 'Host.Worker', message))
    const appHookData: Record<string, unknown> = {}
    const appContext = { hookData: {}, appHookData, functionAppDirectory: root }
    installCore(core.api)
    const problem = await loadApp(root)
    if (problem) say('error', problem)
    await core.runHooks('appStart', appContext)
    core.lock()
    const functions = core.functions().map((registered) => describeFunction(registered, env))
    if (functions.length === 0) {
      throw new StartError(
        'No job functions found. Does the entry point call app.http, app.timer, app.storageQueue, …?',
      )
    }
    const capabilities = await core.model()?.getCapabilities({})
    if (capabilities?.HttpUri) throw new StartError('enableHttpStream is not supported by this host')

    const invoker = createInvoker({ core, log: logger, timeoutMs: hostJson.functionTimeoutMs, appHookData })
    const { invoke } = invoker
    server.serve({
      functions,
      routePrefix: hostJson.routePrefix,
      cors: { origins: [...local.corsOrigins, ...(options.corsOrigins ?? [])], credentials: local.corsCredentials },
      invoke,
      logError: (message) => say('error', message),
    })
    for (const line of listFunctions(functions, hostJson.routePrefix, server.port)) say('information', line)
    for (const one of functions) {
      for (const text of unsupportedParts(one)) say('warning', `${one.name}: ${text}`)
    }
    const listeners = startListeners({ functions, env, queueOptions: hostJson.queues, invoke, log: logger })
    say('information', `Host ready on http://127.0.0.1:${server.port}`)

    let closing: Promise<void> | undefined
    const close = async () => {
      const idle = Promise.all([server.stopListening(), listeners.stop(), invoker.drain()])
      if (!(await settledWithin(idle, options.drainMs ?? 10_000))) {
        say('warning', `${invoker.running()} calls are still running; they are given up`)
      }
      try {
        await core.runHooks('appTerminate', appContext)
      } catch (err) {
        say('error', `an appTerminate hook failed: ${describeError(err)}`)
      }
      server.close()
      say('information', 'Host stopped')
    }
    return {
      port: server.port,
      functions: functions.map(({ name }) => name),
      close: () => {
        closing ??= close()
        return closing
      },
    }
  } catch (err) {
    void server.stopListening()
    server.close()
    throw err
  }
}

function listFunctions(functions: readonly HostFunction[], routePrefix: string, port: number): readonly string[] {
  const routes = new Map(httpRoutes(functions, routePrefix).map((route) => [route.target, route]))
  return functions.map((one) => {
    if (one.disabled) return `Function ${one.name}: disabled`
    const route = routes.get(one)
    if (route) return `Function ${one.name}: [${route.methods.join(',')}] http://127.0.0.1:${port}/${route.template}`
    const detail = textOption(one.trigger, 'schedule') ?? textOption(one.trigger, 'queueName')
    return `Function ${one.name}: ${one.trigger.type}${detail === undefined ? '' : ` ${detail}`}`
  })
}

async function settledWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), ms)
  work.then(
    () => resolve(true),
    () => resolve(true),
  )
  const settled = await promise
  clearTimeout(timer)
  return settled
}
