// What an application does that uses Keystile: get an Entra token, ask for an STS token, call the service with it.

import { z } from 'zod'

export interface Registration {
  readonly tenantId: string
  /** App ID URI or client id of the Keystile API. */
  readonly audience: string
  readonly clientId: string
  readonly clientSecret: string
}

const entraAnswer = z.object({ access_token: z.string(), expires_in: z.number() })

const vendAnswer = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.number(),
  expires_at: z.iso.datetime(),
  refresh_after: z.iso.datetime(),
  account: z.string(),
  region: z.string(),
  endpoint: z.string(),
})

export type Vended = z.output<typeof vendAnswer>

/** Client credentials, as any confidential application does it. @throws Error with Entra's error code. */
export async function entraToken({ tenantId, audience, clientId, clientSecret }: Registration): Promise<string> {
  const answer = await fetch(`https://login.microsoftonline.com/${tenantId}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
      scope: `${audience}/.default`,
    }),
  })
  if (!answer.ok) throw new Error(`Entra answered ${answer.status}`)
  return entraAnswer.parse(await answer.json()).access_token
}

/** @throws Error with the status and the code of the problem. */
export async function vend(url: string, account: string, bearer: string): Promise<Vended> {
  const answer = await fetch(`${url}/api/accounts/${encodeURIComponent(account)}/token`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}` },
  })
  const body: unknown = await answer.json()
  if (answer.ok) return vendAnswer.parse(body)
  const { code, detail } = z.object({ code: z.string(), detail: z.string() }).parse(body)
  throw new Error(`${answer.status} ${code}: ${detail}`)
}

/** A key, or a token with the region that Translator wants beside it. */
export type Credential =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'token'; readonly token: string }

/** One call of the service that an account of this kind is for. @returns the HTTP status. */
export async function callService(
  account: { readonly kind: string; readonly region: string; readonly subDomain?: string | undefined },
  credential: Credential,
): Promise<number> {
  const auth: Record<string, string> =
    credential.kind === 'key'
      ? { 'ocp-apim-subscription-key': credential.key }
      : { authorization: `Bearer ${credential.token}` }
  const answer = await fetch(...requestFor(account, auth))
  await answer.arrayBuffer()
  return answer.status
}

function requestFor(
  { kind, region, subDomain }: { kind: string; region: string; subDomain?: string | undefined },
  auth: Record<string, string>,
): [string, RequestInit] {
  const json = { 'content-type': 'application/json' }
  switch (kind) {
    case 'SpeechServices':
      return [`https://${region}.tts.speech.microsoft.com/cognitiveservices/voices/list`, { headers: auth }]
    case 'ComputerVision': {
      const host = subDomain ? `${subDomain}.cognitiveservices.azure.com` : `${region}.api.cognitive.microsoft.com`
      const body = JSON.stringify({ url: 'https://example.com/picture.jpg' })
      const url = `https://${host}/vision/v3.2/analyze?visualFeatures=Tags`
      return [url, { method: 'POST', headers: { ...json, ...auth }, body }]
    }
    default: {
      const place: Record<string, string> = region === 'global' ? {} : { 'ocp-apim-subscription-region': region }
      const url = 'https://api.cognitive.microsofttranslator.com/translate?api-version=3.0&from=en&to=de'
      const headers = { ...json, ...auth, ...place }
      return [url, { method: 'POST', headers, body: JSON.stringify([{ Text: 'hello' }]) }]
    }
  }
}
