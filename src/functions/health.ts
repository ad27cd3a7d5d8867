// GET /api/health: does this process run with settings that fit? Asks nobody upstream, needs no caller.

import type { HttpHandler } from '@azure/functions'
import { answer, endpoint } from './endpoint.ts'

export const healthHandler = (status: 'ok' | 'misconfigured'): HttpHandler =>
  endpoint('GET', async () => answer(status === 'ok' ? 200 : 503, { status }))
