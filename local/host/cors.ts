// Cross-origin answers, as `func start --cors` gives them: any method, any header, the named origins.

import type { IncomingMessage, ServerResponse } from 'node:http'

export interface CorsOptions {
  /** Origins such as `https://portal.example`, or `*` for all; empty switches CORS off. */
  readonly origins: readonly string[]
  readonly credentials: boolean
}

/**
 * Adds the headers that let the asking origin read the answer, if it is one of the named.
 *
 * @returns Whether the request was a preflight, which is answered here and reaches no function.
 */
export function applyCors(request: IncomingMessage, response: ServerResponse, options: CorsOptions): boolean {
  const { origin } = request.headers
  if (options.origins.length === 0 || origin === undefined) return false
  const any = options.origins.includes('*')
  const allowed = any || options.origins.some((one) => one.toLowerCase() === origin.toLowerCase())
  const wanted = request.headers['access-control-request-method']
  const preflight = request.method === 'OPTIONS' && wanted !== undefined
  if (!any || options.credentials) response.setHeader('vary', 'Origin')
  if (allowed) {
    // A browser refuses `*` together with credentials.
    response.setHeader('access-control-allow-origin', any && !options.credentials ? '*' : origin)
    if (options.credentials) response.setHeader('access-control-allow-credentials', 'true')
    if (preflight) {
      response.setHeader('access-control-allow-methods', wanted)
      const headers = request.headers['access-control-request-headers']
      if (headers !== undefined) response.setHeader('access-control-allow-headers', headers)
    }
  }
  if (preflight) response.writeHead(204).end()
  return preflight
}
