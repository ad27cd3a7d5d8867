// The floor: the least that a function app does for a request.

import { app } from '@azure/functions'

app.http('hello', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  handler: async () => ({ jsonBody: { hello: 'world' } }),
})
