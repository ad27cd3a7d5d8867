// GET /api/openapi.json: what this API is, for whoever asks. It is large and rarely asked for, so it is read then.

import type { HttpHandler } from '@azure/functions'
import { answer, endpoint } from './endpoint.ts'

/** The document changes with a deployment: an hour in anybody's cache is not too long. */
const CACHE = { 'Cache-Control': 'public, max-age=3600' }

export const openapiHandler = (read: () => Promise<object>): HttpHandler =>
  endpoint('GET', async () => answer(200, await read(), CACHE))
