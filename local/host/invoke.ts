// One call of one function: core context, the library's model, hooks, handler, response; with a time limit and a log.

import { randomUUID } from 'node:crypto'
import type { Core } from './core.ts'
import type { CoreInvocationContext, InvocationResponse, TypedData } from './core-types.ts'
import { describeError } from './errors.ts'
import type { HostFunction } from './functions.ts'
import type { Logger } from './log.ts'

export interface Call {
  readonly input: TypedData
  readonly triggerMetadata?: Readonly<Record<string, TypedData>>
  /** A W3C `traceparent` to continue; a new trace is begun without one. */
  readonly traceParent?: string | undefined
  /** Why the function runs; for the log. */
  readonly reason: string
}

export type Outcome =
  | { readonly kind: 'succeeded'; readonly response: InvocationResponse }
  /**
   * `settled` comes when the handler's code has ended, too, which a call past its limit does not wait for. Whoever
   * might call it again waits: the real host recycles the worker, so that nothing runs twice at once. Never rejects.
   */
  | { readonly kind: 'failed'; readonly settled: Promise<void> }

/** @returns The outcome, once no code of the call runs any more. */
export async function toItsEnd(call: Promise<Outcome>): Promise<Outcome> {
  const outcome = await call
  if (outcome.kind === 'failed') await outcome.settled
  return outcome
}

export interface Invoker {
  /** Never rejects: what was thrown is in the log, as in the real host. */
  invoke(target: HostFunction, call: Call): Promise<Outcome>
  /** Calls whose code has not ended. */
  running(): number
  /** @returns When none is left: one call may begin another. */
  drain(): Promise<void>
}

export interface InvokerDeps {
  readonly core: Core
  readonly log: Logger
  /** A handler that takes longer fails the call; its code cannot be stopped and runs on. `undefined`: no limit. */
  readonly timeoutMs: number | undefined
  /** Shared by all hooks of the app. */
  readonly appHookData: Record<string, unknown>
}

export function createInvoker({ core, log, timeoutMs, appHookData }: InvokerDeps): Invoker {
  const run = async (target: HostFunction, call: Call, invocationId: string): Promise<InvocationResponse> => {
    const model = core.model()
    if (!model) throw new Error('no programming model was set')
    const { callback } = target
    let context: unknown
    const coreContext = createContext(target, call, invocationId, (level, category, message) => {
      const entry = { hookData, appHookData, level, category, message, invocationContext: context }
      try {
        core.runLogHooks(entry)
      } catch {
        // A broken log hook must not lose the line.
      }
      const said = category === 'user' ? entry : { level, message }
      const of = category === 'user' ? `Function.${target.name}.User` : `Function.${target.name}`
      log.log(said.level, target.name, of, said.message)
    })
    const hookData: Record<string, unknown> = {}
    const invocation = await model.getInvocationModel(coreContext)
    const made = await invocation.getArguments()
    context = made.context
    const shared = { hookData, appHookData, invocationContext: made.context }

    const before = { ...shared, functionCallback: callback, inputs: made.inputs }
    coreContext.state = 'preInvocationHooks'
    await core.runHooks('preInvocation', before)

    const after: { inputs: unknown[]; result: unknown; error: unknown } = {
      ...shared,
      inputs: before.inputs,
      result: null,
      error: null,
    }
    coreContext.state = 'invocation'
    try {
      after.result = await invocation.invokeFunction(made.context, before.inputs, before.functionCallback)
    } catch (err) {
      after.error = err ?? new Error('Unknown error')
    }
    coreContext.state = 'postInvocationHooks'
    await core.runHooks('postInvocation', after)
    coreContext.state = undefined
    if (after.error !== null && after.error !== undefined) throw after.error
    return invocation.getResponse(made.context, after.result)
  }

  const running = new Set<Promise<void>>()

  return {
    running: () => running.size,
    async drain() {
      while (running.size > 0) await Promise.all(running)
    },
    async invoke(target, call) {
      const invocationId = randomUUID()
      const said = (level: 'information' | 'error', message: string) =>
        log.log(level, target.name, `Function.${target.name}`, message)
      const begun = performance.now()
      said('information', `Executing 'Functions.${target.name}' (Reason='${call.reason}', Id=${invocationId})`)
      const ended = (how: string) =>
        `Executed 'Functions.${target.name}' (${how}, Id=${invocationId}, Duration=${Math.round(performance.now() - begun)}ms)`
      const work = run(target, call, invocationId)
      const end = () => void running.delete(settled)
      const settled = work.then(end, end)
      running.add(settled)
      try {
        const response = await withLimit(
          work,
          timeoutMs,
          () =>
            `Timeout value of ${formatDuration(timeoutMs ?? 0)} exceeded by function 'Functions.${target.name}' (Id: '${invocationId}').`,
        )
        said('information', ended('Succeeded'))
        return { kind: 'succeeded', response }
      } catch (err) {
        said('error', `${ended('Failed')} ${describeError(err)}`)
        return { kind: 'failed', settled }
      }
    },
  }
}

/** @returns `hh:mm:ss`, as host.json writes it. */
export function formatDuration(ms: number): string {
  const parts = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, Math.floor(ms / 1000) % 60]
  return parts.map((part) => String(part).padStart(2, '0')).join(':')
}

function createContext(
  target: HostFunction,
  call: Call,
  invocationId: string,
  log: CoreInvocationContext['log'],
): CoreInvocationContext {
  const functionId = target.metadata.functionId ?? target.name
  return {
    invocationId,
    request: {
      invocationId,
      functionId,
      inputData: [{ name: target.triggerName, data: call.input }],
      triggerMetadata: call.triggerMetadata ?? {},
      traceContext: { traceParent: continueTrace(call.traceParent), traceState: '', attributes: {} },
    },
    metadata: target.metadata,
    state: undefined,
    log,
  }
}

function continueTrace(given: string | undefined): string {
  const [, trace, flags] = /^00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/.exec(given ?? '') ?? []
  return `00-${trace ?? randomHex(32)}-${randomHex(16)}-${flags ?? '00'}`
}

/** From UUIDs, of which Node keeps some ready. @param digits at most 32. */
const randomHex = (digits: number) => randomUUID().replaceAll('-', '').slice(0, digits)

async function withLimit<T>(work: Promise<T>, limitMs: number | undefined, message: () => string): Promise<T> {
  if (limitMs === undefined) return work
  const { promise: late, reject } = Promise.withResolvers<never>()
  // A timer cannot wait longer than 2^31-1 ms, which is nearly 25 days.
  const timer = setTimeout(() => reject(new Error(message())), Math.min(limitMs, 2_147_483_647))
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
