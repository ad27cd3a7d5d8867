// Writes down what is said in a WAV file, however long that takes. See examples/README.md.

import { readFile } from 'node:fs/promises'
import { DefaultAzureCredential } from '@azure/identity'
import { createTokenSource } from 'keystile/client'
import * as sdk from 'microsoft-cognitiveservices-speech-sdk'

const { VENDOR_URL = '', VENDOR_SCOPE = '', ACCOUNT = 'speech-west' } = process.env
const [file = 'speech.wav'] = process.argv.slice(2)

const tokens = createTokenSource({
  url: VENDOR_URL,
  account: ACCOUNT,
  scope: VENDOR_SCOPE,
  credential: new DefaultAzureCredential(),
})

const { token, region } = await tokens.getToken()
const config = sdk.SpeechConfig.fromAuthorizationToken(token, region)
const recognizer = new sdk.SpeechRecognizer(config, sdk.AudioConfig.fromWavFileInput(await readFile(file)))

// A recognizer keeps the token that it was made with, and connects with it again when its connection ends. So it is
// told the current one every minute; most of these calls make no request.
const renewal = setInterval(() => {
  tokens.getToken().then(
    (next) => {
      recognizer.authorizationToken = next.token
    },
    (error) => console.error(`no new token yet: ${error.message}`),
  )
}, 60_000)

recognizer.recognized = (_recognizer, { result }) => {
  if (result.text) console.log(result.text)
}
const ended = Promise.withResolvers()
recognizer.canceled = (_recognizer, { reason, errorDetails }) => {
  // The end of the file is a cancellation, too.
  if (reason === sdk.CancellationReason.Error) ended.reject(new Error(errorDetails))
  else ended.resolve()
}
recognizer.sessionStopped = () => ended.resolve()

try {
  recognizer.startContinuousRecognitionAsync()
  await ended.promise
} finally {
  clearInterval(renewal)
  recognizer.close()
}
