// The floor below the floor: node:http, and nothing else.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { serve } from './server.ts'

const body = Buffer.from(JSON.stringify({ hello: 'world' }))
const server = createServer((request, response) => {
  request.resume()
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body)
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const address = server.address()
if (address === null || typeof address === 'string') throw new Error('no port')
serve(address.port)
