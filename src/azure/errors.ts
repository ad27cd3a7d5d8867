// Turns whatever an SDK throws into an AppError that is safe to log. What is not recognised loses everything.

import { AppError, type ErrorCode } from '../common/errors.ts'

const NO_ANSWER = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'ABORT_ERR'])
const CODE = /^[A-Za-z]{1,64}$/

export interface SdkFailure {
  /** HTTP status, where an answer came. */
  readonly status: number | undefined
  /** `error.code` of the answer, only if it looks like one. */
  readonly code: string | undefined
  /** `error.innererror.code` of a Key Vault answer (contract B4). */
  readonly inner: string | undefined
}

const property = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined

const asCode = (value: unknown): string | undefined =>
  typeof value === 'string' && CODE.test(value) ? value : undefined

export function readFailure(error: unknown): SdkFailure {
  const status = property(error, 'statusCode')
  const answer = property(property(error, 'details'), 'error')
  const inner = property(answer, 'innerError') ?? property(answer, 'innererror')
  return {
    status: typeof status === 'number' ? status : undefined,
    code: asCode(property(error, 'code')),
    inner: asCode(property(inner, 'code')),
  }
}

/**
 * @param doing what was asked for, in the words of a log: `read the versions of speech-west`.
 * @returns `upstream_refused` for a definite no (4xx), `upstream_throttled` for 429, `upstream_unreachable` for
 *   everything else, 408 included.
 */
export function sanitize(doing: string, error: unknown): AppError {
  const { status, code } = readFailure(error)
  if (status === undefined) {
    const raw = property(error, 'code')
    const reason = typeof raw === 'string' && NO_ANSWER.has(raw) ? `no answer (${raw})` : 'no answer'
    return new AppError('upstream_unreachable', `${doing}: ${reason}`)
  }
  const name = code === undefined ? '' : ` ${code}`
  return new AppError(codeOf(status), `${doing}: HTTP ${status}${name}`, status)
}

function codeOf(status: number): ErrorCode {
  if (status === 429) return 'upstream_throttled'
  return status >= 400 && status < 500 && status !== 408 ? 'upstream_refused' : 'upstream_unreachable'
}
