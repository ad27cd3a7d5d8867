// The one error class for failures that are ours to name. Normal endings are unions, not errors.

/**
 * - `settings_invalid`: the settings do not fit; the message lists every problem by name, never by value.
 * - `message_invalid`: a queue message does not fit; the message names the fields.
 * - `upstream_refused`: Azure answered, and the answer was no.
 * - `upstream_throttled`: Azure answered that it is too busy (429): nothing was done.
 * - `upstream_unreachable`: no definite answer came (timeout, reset, 5xx): it may or may not have taken effect.
 */
export type ErrorCode =
  | 'settings_invalid'
  | 'message_invalid'
  | 'upstream_refused'
  | 'upstream_throttled'
  | 'upstream_unreachable'

/** Its message is safe to log: no key, token, or upstream body. A raw SDK error is never its `cause`: loggers print causes. */
export class AppError extends Error {
  readonly code: ErrorCode
  /** The HTTP status that an upstream answered with, where one came. */
  readonly status: number | undefined

  constructor(code: ErrorCode, message: string, status?: number) {
    super(message)
    this.name = 'AppError'
    this.code = code
    this.status = status
  }
}

/** For the default branch of a switch over a closed union: the compiler sees to it that it is never reached. */
export function unreachable(value: never): never {
  throw new TypeError(`a case that should not exist: ${typeof value}`)
}
