// The library's answer on its way to the wire: status, headers, cookies, body.

import type { ServerResponse } from 'node:http'
import type { HttpCookie, TypedData } from './core-types.ts'

/** Set by the server itself, whatever the app says. */
const HOP_HEADERS = new Set(['connection', 'content-length', 'keep-alive', 'transfer-encoding', 'upgrade'])

/**
 * Writes what a function returned; nothing returned is 204.
 *
 * @throws When a header cannot be sent. Nothing has been sent then.
 */
export function sendReturnValue(response: ServerResponse, returned: TypedData | null | undefined): void {
  const http = returned?.http
  if (!http) {
    sendEmpty(response, 204)
    return
  }
  const headers = Object.entries(http.headers ?? {}).filter(([name]) => !HOP_HEADERS.has(name.toLowerCase()))
  for (const [name, value] of headers) response.setHeader(name, value)
  const cookies = http.cookies?.map(serializeCookie) ?? []
  if (cookies.length > 0) response.appendHeader('set-cookie', cookies)
  const body = toBytes(http.body)
  const status = Number(http.statusCode ?? 200)
  // These two have no body; Node sends none, but would announce its length.
  if (status !== 204 && status !== 304) response.setHeader('content-length', body.length)
  response.writeHead(status).end(body)
}

/** An answer of the host's own: no body, no type. */
export function sendEmpty(response: ServerResponse, status: number): void {
  if (status !== 204) response.setHeader('content-length', 0)
  response.writeHead(status).end()
}

/** @returns The value of a Set-Cookie header. Name and value are percent-encoded, as the real host does it. */
export function serializeCookie(cookie: HttpCookie): string {
  const parts = [`${encodeURIComponent(cookie.name ?? '')}=${encodeURIComponent(cookie.value ?? '')}`]
  const seconds = cookie.expires?.value.seconds
  if (seconds) parts.push(`expires=${new Date(seconds * 1000).toUTCString()}`)
  if (cookie.maxAge) parts.push(`max-age=${cookie.maxAge.value}`)
  if (cookie.domain) parts.push(`domain=${cookie.domain.value}`)
  // ASP.NET, which sends the real host's cookies, falls back to the root.
  parts.push(`path=${cookie.path?.value ?? '/'}`)
  if (cookie.secure?.value) parts.push('secure')
  const sameSite = { none: undefined, lax: 'lax', strict: 'strict', explicitNone: 'none' }[cookie.sameSite ?? 'none']
  if (sameSite) parts.push(`samesite=${sameSite}`)
  if (cookie.httpOnly?.value) parts.push('httponly')
  return parts.join('; ')
}

function toBytes(body: TypedData | null | undefined): Uint8Array {
  return body?.bytes ?? Buffer.from(body?.string ?? body?.json ?? '')
}
