// GET /api/health: does this process run with settings that fit? Asks nobody upstream, needs no caller.

import type { HttpHandler } from '@azure/functions'
import { endpoint } from './endpoint.ts'

export const healthHandler = (status: 'ok' | 'misconfigured'): HttpHandler =>
  endpoint('GET', async () => ({
    status: status === 'ok' ? 200 : 503,
    headers: { 'Cache-Control': 'no-store' },
    jsonBody: { status },
  }))
