// What the types of `keystile/client` allow and refuse. Nothing here runs: `tsc` reads it.

import { DefaultAzureCredential, type TokenCredential } from '@azure/identity'
import {
  createTokenSource,
  type ServiceToken,
  type TokenCredentialLike,
  TokenRequestError,
  type TokenSource,
} from '../../src/client/index.ts'

const at = { url: 'https://vend.contoso.example', account: 'speech-west' }

/** Credentials of @azure/identity are credentials here, and so is a line around MSAL.js. */
export function credentialsThatFit(any: TokenCredential): TokenSource[] {
  const msal = { acquireTokenSilent: async (_request: { scopes: string[] }) => ({ accessToken: 'x' }) }
  const browser: TokenCredentialLike = {
    getToken: async (scopes) => {
      const { accessToken } = await msal.acquireTokenSilent({ scopes: [scopes].flat() })
      return { token: accessToken, expiresOnTimestamp: 0 }
    },
  }
  return [any, new DefaultAzureCredential(), browser].map((credential) =>
    createTokenSource({ ...at, credential, scope: 'api://keystile/.default' }),
  )
}

export function optionsThatDoNot(credential: TokenCredential): void {
  // @ts-expect-error no credential
  createTokenSource(at)
  // @ts-expect-error no account
  createTokenSource({ url: at.url, credential })
  // @ts-expect-error a bearer is no credential: it would end after an hour
  createTokenSource({ ...at, credential: 'bearer' })
  // @ts-expect-error a credential answers with a token and its end
  createTokenSource({ ...at, credential: { getToken: async () => 'bearer' } })
  // @ts-expect-error the option is called `scope`
  createTokenSource({ ...at, credential, scopes: ['api://keystile/.default'] })
  // @ts-expect-error milliseconds are a number
  createTokenSource({ ...at, credential, deadlineMs: '30s' })
}

export async function answers(source: TokenSource, signal: AbortSignal): Promise<void> {
  const answer: ServiceToken = await source.getToken({ signal })
  const { token, expiresAt, region, endpoint, account } = answer
  const fits: [string, Date, string, string, string] = [token, expiresAt, region, endpoint, account]
  // @ts-expect-error what was handed out is not changed
  answer.token = fits[0]
  // @ts-expect-error which token was refused must be said
  source.invalidate()
}

/** What the Speech SDK has of interest here, in its own words. */
interface SpeechSdk {
  SpeechConfig: { fromAuthorizationToken(authorizationToken: string, region: string): object }
  SpeechRecognizer: new (config: object) => { authorizationToken: string }
}

export async function speech({ SpeechConfig, SpeechRecognizer }: SpeechSdk, source: TokenSource): Promise<void> {
  const { token, region } = await source.getToken()
  const recognizer = new SpeechRecognizer(SpeechConfig.fromAuthorizationToken(token, region))
  recognizer.authorizationToken = (await source.getToken()).token
}

export function refusals(error: unknown): number | undefined {
  if (!(error instanceof TokenRequestError)) return undefined
  const [code, status]: [string, number | undefined] = [error.code, error.status]
  // @ts-expect-error there is no status where there was no answer
  const always: number = error.status
  return code === 'rate_limited' ? error.retryAfterMs : (status ?? always)
}
