// The floor below the floor: node:http, and nothing else.

import { serveHttp } from './server.ts'

const body = Buffer.from(JSON.stringify({ hello: 'world' }))
await serveHttp((request, response) => {
  request.resume()
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body)
})
