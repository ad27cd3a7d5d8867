// A token service that takes its time: 40 ms, about what Azure's takes.

import { serveHttp } from './server.ts'

const LATENCY_MS = 40
const token = 'x'.repeat(700)
await serveHttp((request, response) => {
  request.resume()
  setTimeout(() => response.end(token), LATENCY_MS)
})
