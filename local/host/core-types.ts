// The part of the `@azure/functions-core` contract that @azure/functions 4 uses. No package publishes these types.

export type CoreLogLevel = 'trace' | 'debug' | 'information' | 'warning' | 'error' | 'critical' | 'none'
export type CoreLogCategory = 'user' | 'system' | 'customMetric'

export interface NullableString {
  readonly value: string
}

export interface HttpCookie {
  readonly name?: string | null
  readonly value?: string | null
  readonly domain?: NullableString | null
  readonly path?: NullableString | null
  /** Milliseconds since 1970 are in `value.seconds` * 1000. */
  readonly expires?: { readonly value: { readonly seconds?: number | null } } | null
  readonly secure?: { readonly value: boolean } | null
  readonly httpOnly?: { readonly value: boolean } | null
  readonly sameSite?: 'none' | 'lax' | 'strict' | 'explicitNone'
  readonly maxAge?: { readonly value: number } | null
}

export interface HttpData {
  readonly method?: string
  readonly url?: string
  readonly nullableHeaders?: Readonly<Record<string, NullableString>>
  readonly nullableQuery?: Readonly<Record<string, NullableString>>
  readonly nullableParams?: Readonly<Record<string, NullableString>>
  readonly body?: TypedData | null
  readonly statusCode?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly cookies?: readonly HttpCookie[]
}

/** One value on its way to or from the library; exactly one member is set. */
export interface TypedData {
  readonly string?: string
  readonly json?: string
  readonly bytes?: Uint8Array
  readonly int?: number
  readonly double?: number
  readonly http?: HttpData
}

export interface Binding {
  readonly type: string
  readonly direction: 'in' | 'out'
  readonly name?: string
  readonly [option: string]: unknown
}

export interface FunctionMetadata {
  readonly name: string
  readonly functionId?: string
  readonly bindings: Readonly<Record<string, Binding>>
  readonly retryOptions?: unknown
}

export type FunctionCallback = (...inputs: unknown[]) => unknown
export type HookCallback = (context: object) => unknown

export interface CoreInvocationContext {
  readonly invocationId: string
  readonly request: {
    readonly invocationId: string
    readonly functionId: string
    readonly inputData: readonly { readonly name: string; readonly data: TypedData }[]
    readonly triggerMetadata: Readonly<Record<string, TypedData>>
    readonly traceContext: { traceParent: string; traceState: string; attributes: Record<string, string> }
  }
  readonly metadata: FunctionMetadata
  state: 'preInvocationHooks' | 'invocation' | 'postInvocationHooks' | undefined
  log(level: CoreLogLevel, category: CoreLogCategory, message: string): void
}

export interface InvocationResponse {
  readonly returnValue?: TypedData | null
  readonly outputData?: readonly { readonly name: string; readonly data?: TypedData }[]
}

/** What the library makes of one call. `context` is the library's own and opaque to the host. */
export interface InvocationModel {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>
  invokeFunction(context: unknown, inputs: unknown[], callback: FunctionCallback): Promise<unknown>
  getResponse(context: unknown, result: unknown): Promise<InvocationResponse>
}

export interface ProgrammingModel {
  readonly name: string
  readonly version: string
  getInvocationModel(context: CoreInvocationContext): InvocationModel | Promise<InvocationModel>
  getCapabilities(capabilities: Record<string, string>): Promise<Record<string, string>>
}
