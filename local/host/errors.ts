// The two kinds of error the host makes itself: a start that cannot go on, and a refusal towards the app.

/** The host cannot start, or not like this. The message is one line for the person who started it. */
export class StartError extends Error {
  override readonly name = 'StartError'
}

/** Marks an error as the runtime's, as the real worker does; the library looks at the flag. */
export interface SystemError extends Error {
  readonly isAzureFunctionsSystemError: true
}

/** @returns An `Error` that carries the flag by which the library knows the runtime's own errors. */
export function systemError(message: string): SystemError {
  return Object.assign(new Error(message), { isAzureFunctionsSystemError: true as const })
}

/** @returns A `RangeError` with the same flag; `registerHook` answers unknown names with it. */
export function systemRangeError(message: string): SystemError {
  return Object.assign(new RangeError(message), { isAzureFunctionsSystemError: true as const })
}

/** @returns The text of anything that was thrown, stack included where there is one. */
export function describeError(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.stack ?? `${thrown.name}: ${thrown.message}`
  return typeof thrown === 'string' ? thrown : (JSON.stringify(thrown) ?? String(thrown))
}
