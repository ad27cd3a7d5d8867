// A node:http request on its way to the library, with the losses of the real host: values joined, chunks dropped.

import type { IncomingMessage } from 'node:http'
import type { NullableString, TypedData } from './core-types.ts'

/** What the real host accepts as a body, in bytes. */
export const MAX_BODY_BYTES = 100 * 1024 * 1024

/**
 * Reads a whole body into memory.
 *
 * @returns The bytes, or `'too-large'` when it is announced or turns out to be longer than `MAX_BODY_BYTES`.
 * @throws When the sender goes away.
 */
export async function readBody(request: IncomingMessage): Promise<Buffer | 'too-large'> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return 'too-large'
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue
    size += chunk.length
    if (size > MAX_BODY_BYTES) return 'too-large'
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** A body without a length is dropped on its way to the worker, when HTTP streams are off. */
export const hasLength = ({ headers }: IncomingMessage) =>
  headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) !== 0

/** @returns The whole URL, with the host that the sender named; `null` when that makes none. */
export const requestUrl = ({ headers, url }: IncomingMessage) =>
  URL.parse(`http://${headers.host ?? 'localhost'}${url ?? '/'}`)

/** @param params Route parameters, decoded. */
export function toHttpData(
  request: IncomingMessage,
  url: URL,
  params: Readonly<Record<string, string>>,
  body: Buffer,
): TypedData {
  return {
    http: {
      method: request.method ?? 'GET',
      url: url.href,
      nullableHeaders: nullable(joined(headerPairs(request))),
      nullableQuery: nullable(joined(url.searchParams)),
      nullableParams: nullable(Object.entries(params)),
      ...(body.length > 0 && { body: { bytes: body } }),
    },
  }
}

function* headerPairs({ rawHeaders }: IncomingMessage): Iterable<[string, string]> {
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    yield [(rawHeaders[at] ?? '').toLowerCase(), rawHeaders[at + 1] ?? '']
  }
}

/** Repeated names become one, their values joined by a comma and nothing else. */
function joined(pairs: Iterable<readonly [string, string]>): Iterable<[string, string]> {
  const values = new Map<string, string>()
  for (const [name, value] of pairs) {
    const before = values.get(name)
    values.set(name, before === undefined ? value : `${before},${value}`)
  }
  return values
}

function nullable(pairs: Iterable<readonly [string, string]>): Record<string, NullableString> {
  return Object.fromEntries([...pairs].map(([name, value]) => [name, { value }]))
}
