// A token service that takes its time: 40 ms, about what Azure's takes.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { serve } from './server.ts'

const LATENCY_MS = 40
const token = 'x'.repeat(700)
const server = createServer((request, response) => {
  request.resume()
  setTimeout(() => response.end(token), LATENCY_MS)
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const address = server.address()
if (address === null || typeof address === 'string') throw new Error('no port')
serve(address.port)
