// Starts what calls functions unasked: a timer for each timer trigger, a poll loop for each queue trigger.

import { describeError, StartError } from './errors.ts'
import { type HostFunction, textOption } from './functions.ts'
import type { QueueOptions } from './host-json.ts'
import { type Call, type Outcome, toItsEnd } from './invoke.ts'
import type { Logger } from './log.ts'
import { parseNcrontab } from './ncrontab.ts'
import { connectQueues } from './queue-connection.ts'
import { startQueueListener } from './queues.ts'
import { type Env, resolvePercents } from './settings.ts'
import { startTimer } from './timers.ts'

export interface ListenersDeps {
  readonly functions: readonly HostFunction[]
  readonly env: Env
  readonly queueOptions: QueueOptions
  readonly invoke: (target: HostFunction, call: Call) => Promise<Outcome>
  readonly log: Logger
}

export interface Listeners {
  /** No call is begun any more. @returns When every queue message in work is deleted or given back. */
  stop(): Promise<void>
}

/** A function whose trigger is wrong is reported and left out; the others run, as in the real host. */
export function startListeners(deps: ListenersDeps): Listeners {
  const stops = deps.functions
    .filter(({ disabled }) => !disabled)
    .map((target) => {
      try {
        return startListener(target, deps)
      } catch (err) {
        const why = err instanceof StartError ? err.message : describeError(err)
        deps.log.log('error', target.name, 'Host.Startup', `The listener could not be started: ${why}`)
        return undefined
      }
    })
  return {
    async stop() {
      await Promise.all(stops.map((stop) => stop?.()))
    },
  }
}

function startListener(target: HostFunction, deps: ListenersDeps): (() => Promise<void> | void) | undefined {
  switch (target.kind) {
    case 'timer':
      return startTimerOf(target, deps)
    case 'queue':
      return startQueueOf(target, deps)
    default:
      return undefined
  }
}

function startTimerOf(target: HostFunction, { env, invoke }: ListenersDeps): () => void {
  const { trigger } = target
  const timer = startTimer({
    schedule: parseNcrontab(resolvePercents(textOption(trigger, 'schedule') ?? '', env)),
    runOnStartup: trigger.runOnStartup === true,
    useMonitor: trigger.useMonitor !== false,
    run: async (input) => {
      await toItsEnd(invoke(target, { input, reason: `Timer fired at ${new Date().toISOString()}` }))
    },
  })
  return () => timer.stop()
}

function startQueueOf(target: HostFunction, { env, queueOptions, invoke, log }: ListenersDeps): () => Promise<void> {
  const { name, trigger } = target
  const queueName = resolvePercents(textOption(trigger, 'queueName') ?? '', env).toLowerCase()
  if (!/^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$/.test(queueName)) {
    throw new StartError(`'${queueName}' is not a queue name: 3 to 63 letters, digits and single hyphens`)
  }
  const listener = startQueueListener({
    service: connectQueues(textOption(trigger, 'connection'), env),
    queueName,
    options: queueOptions,
    run: async (input, triggerMetadata) => {
      const reason = `New queue message detected on '${queueName}'.`
      return (await toItsEnd(invoke(target, { input, triggerMetadata, reason }))).kind === 'succeeded'
    },
    log: (level, message) => log.log(level, name, `Function.${name}`, message),
  })
  return () => listener.stop()
}
