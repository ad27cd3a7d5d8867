// `POST /admin/functions/NAME`: runs a function that has no URL, now. The caller learns only that it was begun.

import type { IncomingMessage } from 'node:http'
import type { TypedData } from './core-types.ts'
import type { HostFunction } from './functions.ts'
import { readBody } from './http-request.ts'
import type { Call } from './invoke.ts'
import { timerInput } from './timer-input.ts'

export interface AdminDeps {
  readonly functions: readonly HostFunction[]
  /** Begins a call and returns at once. */
  readonly begin: (target: HostFunction, call: Call) => void
}

const PATH = /^\/admin\/functions\/([^/]+)\/?$/i

/** @returns The name that the path asks for; `undefined` when the request is not for this endpoint. */
export const functionToRun = ({ method }: IncomingMessage, path: string): string | undefined =>
  method === 'POST' ? PATH.exec(path)?.[1] : undefined

/**
 * @returns The status of the answer, which has no body. 202 begun; 404 no such function; 415 not announced as JSON;
 *   400 no JSON object, an `input` that is not text, or an HTTP function, which is run by its URL; 413 a body beyond the
 *   limit.
 */
export async function handleAdmin(
  request: IncomingMessage,
  name: string,
  { functions, begin }: AdminDeps,
): Promise<number> {
  if (!/^application\/(json|[^;]+\+json)\s*(;|$)/i.test(request.headers['content-type'] ?? '')) return 415
  const body = await readBody(request)
  if (body === 'too-large') return 413
  const input = readInput(body.toString())
  if (input === undefined) return 400
  const target = functions.find((one) => one.name.toLowerCase() === name.toLowerCase())
  if (!target) return 404
  if (target.kind === 'http') return 400
  begin(target, {
    input: inputFor(target, input),
    reason: 'This function was programmatically called via the host APIs.',
  })
  return 202
}

/** @returns The `input` of the body, empty when it has none; `undefined` when the body is not what it must be. */
function readInput(text: string): string | undefined {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined
  const input = 'input' in body ? (body.input ?? '') : ''
  return typeof input === 'object' ? undefined : String(input)
}

function inputFor(target: HostFunction, input: string): TypedData {
  return target.kind === 'timer' ? timerInput(null) : { string: input }
}
