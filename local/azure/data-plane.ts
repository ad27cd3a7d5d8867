// Just enough of Translator, Speech and Computer Vision to prove a key or a token (contract C7).

import { randomUUID } from 'node:crypto'
import { type Accepted, judgeCall, judgeKey, keyOf } from './ai-credentials.ts'
import { isSpeech, isVision, livesAt, placeOf, regionalOrSubdomain } from './ai-hosts.ts'
import { accessDenied, denied } from './ai-refusals.ts'
import { cloudOf, hostPattern } from './clouds.ts'
import { regionOf } from './keys.ts'
import type { ServiceDeps } from './service.ts'
import { allowBrowser, translate } from './translator.ts'
import { type Answer, type Call, mediaTypeOf, Refusal, type Route } from './wire.ts'

export const dataPlaneRoutes = ({ world }: ServiceDeps): Route[] => [
  {
    name: 'translator.translate',
    method: 'POST',
    hosts: hostPattern(cloudOf(world.seed).translator),
    path: '/translate',
    handle: (call) => translate(world, call),
  },
  {
    name: 'translator.preflight',
    method: 'OPTIONS',
    hosts: /^api\.cognitive\.microsofttranslator\.com$/,
    path: '/translate',
    handle: allowBrowser,
  },
  {
    name: 'speech.listVoices',
    method: 'GET',
    hosts: hostPattern(`*.tts.${cloudOf(world.seed).speech}`),
    path: '/cognitiveservices/voices/list',
    handle: (call) => {
      const region = call.host.slice(0, call.host.indexOf('.'))
      const judged = judgeCall(world, call, (account) => isSpeech(account) && regionOf(account) === region)
      if (judged.kind === 'refused') throw denied(judged.why, judged.details)
      return listVoices(judged)
    },
  },
  {
    name: 'vision.analyze',
    method: 'POST',
    hosts: regionalOrSubdomain(cloudOf(world.seed)),
    path: '/vision/v3.2/analyze',
    handle: (call) => {
      const place = placeOf(world, call)
      const key = keyOf(call)
      // STS tokens are refused here: their audience is another service's (contract C4).
      if (key === undefined) throw accessDenied({ why: 'missing' })
      const judged = judgeKey(world, key, (account) => isVision(account) && livesAt(account, place))
      if (judged.kind === 'refused') throw denied(judged.why, judged.details)
      return analyze(call, judged)
    },
  },
]

const listVoices = ({ details }: Accepted): Answer => ({
  status: 200,
  body: [
    { ShortName: 'en-US-AvaNeural', DisplayName: 'Ava', Gender: 'Female', Locale: 'en-US', VoiceType: 'Neural' },
    { ShortName: 'de-DE-ConradNeural', DisplayName: 'Conrad', Gender: 'Male', Locale: 'de-DE', VoiceType: 'Neural' },
  ],
  details,
})

const imageTypes = ['application/json', 'application/octet-stream', 'multipart/form-data']

function analyze(call: Call, { details }: Accepted): Answer {
  if (!imageTypes.includes(mediaTypeOf(call))) {
    const error = { code: 'UnsupportedMediaType', message: `The Content-Type must be one of ${imageTypes.join(', ')}.` }
    throw new Refusal({ status: 415, body: { error }, details })
  }
  if (call.body.length === 0) {
    const error = { code: 'InvalidRequest', message: 'Image data or an image address is missing.' }
    throw new Refusal({ status: 400, body: { error }, details })
  }
  const metadata = { width: 1, height: 1, format: 'Png' }
  return {
    status: 200,
    body: { categories: [], requestId: randomUUID(), metadata, modelVersion: '2021-05-01' },
    details,
  }
}
