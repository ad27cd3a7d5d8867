// Text Translation v3.0, with a toy for a translator.

import { z } from 'zod'
import { type Details, type Judgement, judgeCall } from './ai-credentials.ts'
import { isTranslator } from './ai-hosts.ts'
import { regionOf } from './keys.ts'
import { type Answer, type Call, mediaTypeOf, Refusal } from './wire.ts'
import type { World } from './world.ts'

/** Pages of any origin may call: a credential is in a header, never in a cookie. */
const anyOrigin = { 'access-control-allow-origin': '*' }

const texts = z.array(z.union([z.object({ Text: z.string() }), z.object({ text: z.string() })])).max(1000)

/** `POST /translate?api-version=3.0&from=en&to=de` with `[{"Text":"…"}]`. */
export function translate(world: World, call: Call): Answer {
  const judged = judgeCall(world, call, isTranslator)
  if (judged.kind === 'refused') throw unauthorised(judged)
  const { account, by, details } = judged
  requireRegion(call, regionOf(account), by, details)
  const to = call.query.getAll('to').filter((language) => language !== '')
  if (call.query.get('api-version') !== '3.0')
    throw refusal(400, 400_021, 'The API version is missing or not valid.', details)
  if (to.length === 0) throw refusal(400, 400_036, 'The target language is not valid.', details)
  if (mediaTypeOf(call) !== 'application/json')
    throw refusal(415, 415_000, 'The Content-Type header is missing or not valid.', details)
  const body = readTexts(call.body, details).map((entry) => {
    const text = 'Text' in entry ? entry.Text : entry.text
    return { translations: to.map((language) => ({ text: `${language}: ${text}`, to: language })) }
  })
  return { status: 200, headers: anyOrigin, body, details }
}

/** What a browser asks before it sends a bearer there. */
export const allowBrowser = ({ headers }: Call): Answer => ({
  status: 200,
  headers: {
    ...anyOrigin,
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': headers['access-control-request-headers'] ?? '*',
  },
})

/**
 * A key does not say where its account is, so a regional or multi-service one needs the region with it; a token says
 * it itself. A region that is another account's is refused either way.
 */
function requireRegion(call: Call, region: string, by: 'key' | 'token', details: Details): void {
  const header = call.headers['ocp-apim-subscription-region']
  if (header === undefined && (by === 'token' || region === 'global')) return
  if (typeof header === 'string' && header.toLowerCase() === region) return
  throw refusal(401, 401_000, notAuthorised, { ...details, why: 'region' })
}

const notAuthorised = 'The request is not authorized because credentials are missing or invalid.'

function unauthorised({ why, account, details }: Extract<Judgement, { kind: 'refused' }>): Refusal {
  if (why === 'local-auth-off') return refusal(403, 403_000, 'The operation is not allowed.', details)
  return account?.kind === 'SpeechServices'
    ? refusal(401, 401_015, 'The credentials provided are for the Speech API.', details)
    : refusal(401, 401_000, notAuthorised, details)
}

function readTexts(body: Buffer, details: Details): z.output<typeof texts> {
  try {
    return texts.parse(JSON.parse(body.toString('utf8')))
  } catch {
    throw refusal(400, 400_074, 'The body of the request is not valid JSON.', details)
  }
}

const refusal = (status: number, code: number, message: string, details: Details): Refusal =>
  new Refusal({ status, headers: anyOrigin, body: { error: { code, message } }, details })
