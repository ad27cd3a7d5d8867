// A stand-in for `@azure/functions-core`, the module with which the real library registers functions.

interface Binding {
  readonly type: string
  readonly direction: string
  readonly queueName?: string
  readonly connection?: string
  readonly schedule?: string
  readonly route?: string
  readonly methods?: readonly string[]
  readonly authLevel?: string
}

export interface Registration {
  readonly name: string
  readonly bindings: Readonly<Record<string, Binding>>
}

export const registered: Registration[] = []
/** What is called when a function is, by its name: with what the worker makes for the library. */
export const callbacks = new Map<string, (...args: unknown[]) => unknown>()

export const version = '4.0.0'
export const hostVersion = '4.0.0'
export const setProgrammingModel = (): void => undefined
export const getProgrammingModel = (): undefined => undefined
export const registerFunction = (metadata: Registration, callback: (...args: unknown[]) => unknown): void => {
  registered.push(metadata)
  callbacks.set(metadata.name, callback)
}
type Hook = () => Promise<void> | void
const hooks: { readonly name: string; readonly callback: Hook }[] = []
export const registerHook = (name: string, callback: Hook): void => void hooks.push({ name, callback })
/** What the worker does once an app is loaded (`appStart`), and when it is to end (`appTerminate`). */
export const runHooks = async (name: string): Promise<void> => {
  for (const hook of hooks) if (hook.name === name) await hook.callback()
}
export const log = (): void => undefined
export class Disposable {}
