// `@azure/functions-core`: what the library registers functions and hooks with, and what the host then finds there.

import type {
  CoreLogCategory,
  CoreLogLevel,
  FunctionCallback,
  FunctionMetadata,
  HookCallback,
  ProgrammingModel,
} from './core-types.ts'
import { systemError, systemRangeError } from './errors.ts'

export interface RegisteredFunction {
  readonly metadata: FunctionMetadata
  readonly callback: FunctionCallback
}

const HOOK_NAMES = ['preInvocation', 'postInvocation', 'appStart', 'appTerminate', 'log'] as const
export type HookName = (typeof HOOK_NAMES)[number]

/** Undoes a registration. `dispose` may be called more than once. */
export class Disposable {
  readonly #undo: () => unknown
  #done = false
  constructor(undo: () => unknown) {
    this.#undo = undo
  }
  static from(...all: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      for (const one of all) one.dispose()
    })
  }
  dispose(): unknown {
    if (this.#done) return undefined
    this.#done = true
    return this.#undo()
  }
}

/** The module itself; all of its members. */
export interface CoreApi {
  readonly version: string
  readonly hostVersion: string
  registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): Disposable
  setProgrammingModel(model: ProgrammingModel): void
  getProgrammingModel(): ProgrammingModel | undefined
  registerHook(name: string, callback: HookCallback): Disposable
  log(level: CoreLogLevel, category: CoreLogCategory, message: string): void
  readonly Disposable: typeof Disposable
}

/** The host's side of the module. */
export interface Core {
  readonly api: CoreApi
  /** In the order of registration. */
  functions(): readonly RegisteredFunction[]
  model(): ProgrammingModel | undefined
  /** Ends indexing: from here on nothing can be registered or taken back. */
  lock(): void
  /** Runs the callbacks one after the other; the first that throws ends it. */
  runHooks(name: Exclude<HookName, 'log'>, context: object): Promise<void>
  /** Log hooks may change the context they are given, so they run at once. A hook's own logging starts no hooks. */
  runLogHooks(context: object): void
}

/** @param log Receives what the library itself has to say, outside any call. */
export function createCore(log: (level: CoreLogLevel, category: CoreLogCategory, message: string) => void): Core {
  const functions = new Map<string, RegisteredFunction>()
  const hooks = new Map<string, HookCallback[]>(HOOK_NAMES.map((name) => [name, []]))
  let model: ProgrammingModel | undefined
  let locked = false
  let insideLogHook = false

  const registerFunction = (metadata: FunctionMetadata, callback: FunctionCallback) => {
    if (locked) throw systemError('A function can only be registered during app startup.')
    const id = metadata.functionId ?? metadata.name
    // The host that indexes what the worker reports holds names without regard to case.
    const key = id.toLowerCase()
    if (functions.has(key)) throw systemError(`A function with id "${id}" has already been registered.`)
    functions.set(key, { metadata, callback })
    return new Disposable(() => {
      if (locked) throw systemError('A function can only be disposed during app startup.')
      functions.delete(key)
    })
  }

  const registerHook = (name: string, callback: HookCallback) => {
    const callbacks = hooks.get(name)
    if (!callbacks) throw systemRangeError(`Unrecognized hook "${name}"`)
    callbacks.push(callback)
    return new Disposable(() => {
      const at = callbacks.indexOf(callback)
      if (at >= 0) callbacks.splice(at, 1)
    })
  }

  return {
    api: {
      version: '3.0.0',
      hostVersion: '4.1000.0',
      registerFunction,
      setProgrammingModel: (given) => {
        model = given
      },
      getProgrammingModel: () => model,
      registerHook,
      log,
      Disposable,
    },
    functions: () => [...functions.values()],
    model: () => model,
    lock: () => {
      locked = true
    },
    async runHooks(name, context) {
      for (const callback of hooks.get(name) ?? []) await callback(context)
    },
    runLogHooks(context) {
      if (insideLogHook) return
      insideLogHook = true
      try {
        for (const callback of hooks.get('log') ?? []) callback(context)
      } finally {
        insideLogHook = false
      }
    },
  }
}
