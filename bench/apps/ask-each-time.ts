// As the token servers of samples do it: the key in a setting, and the token service asked for every request.

import { app } from '@azure/functions'

const { SPEECH_KEY = '', STS_URL = '' } = process.env

app.http('token', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  handler: async () => {
    const answer = await fetch(STS_URL, { method: 'POST', headers: { 'Ocp-Apim-Subscription-Key': SPEECH_KEY } })
    return { jsonBody: { token: await answer.text() } }
  },
})
