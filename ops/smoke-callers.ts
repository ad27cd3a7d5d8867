// Who a smoke test acts as: the identity that is signed in here, or the callers of a running `npm start`.

import { ClientSecretCredential, type TokenCredential } from '@azure/identity'
import { entraToken } from '../local/client.ts'
import { type Run, registrationOf } from '../local/run-file.ts'
import { type Cloud, publicCloud } from '../src/common/cloud.ts'

/** `stopped`: Entra gives no token for the API to who has no role there, so that no request can be made. */
export type Bearer =
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'skipped'; readonly why: string }

export interface Callers {
  /** May have a token of the account. */
  allowed(): Promise<Bearer>
  /** A token for something else. */
  ofAnotherAudience(): Promise<Bearer>
  withoutRole(): Promise<Bearer>
}

/**
 * What is sent to the vendor as a token for something else must be worth little there: a token for ARM would be worth
 * all that whoever deploys may do. For this one, `az login` and pipelines can ask, too.
 */
const anotherAudience = ({ customSubDomain }: Cloud): string => `https://${customSubDomain}`

const bearer = (token: string): Bearer => ({ kind: 'bearer', token })

/** The callers of the stand-in; this process must be pointed at it. */
export function localCallers(run: Run): Callers {
  const as = (caller: string) => registrationOf(run, caller)
  return {
    allowed: async () => bearer(await entraToken(as('app-all'))),
    ofAnotherAudience: async () =>
      bearer(await entraToken({ ...as('app-all'), audience: anotherAudience(publicCloud) })),
    withoutRole: async () => bearer(await entraToken(as('nobody'))),
  }
}

export interface AzureCallersOptions {
  readonly cloud: Cloud
  readonly credential: TokenCredential
  /** App ID URI or client id of the API. */
  readonly audience: string
  readonly clientWithoutRole: string | undefined
  /** `AZURE_TENANT_ID` and `CLIENT_WITHOUT_ROLE_SECRET` belong to that client. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

export function azureCallers(options: AzureCallersOptions): Callers {
  const { cloud, credential, audience, clientWithoutRole, environment } = options
  const authorityHost = `https://${cloud.login}`
  const scope = `${audience}/.default`
  const tokenOf = async (who: TokenCredential, of: string): Promise<Bearer> => {
    const token = await who.getToken(of)
    if (token === null) throw new Error('no token')
    return bearer(token.token)
  }
  return {
    allowed: () => tokenOf(credential, scope),
    ofAnotherAudience: () => tokenOf(credential, `${anotherAudience(cloud)}/.default`),
    async withoutRole() {
      if (clientWithoutRole === undefined)
        return { kind: 'skipped', why: 'no client without a role was named: --client-without-role' }
      const { AZURE_TENANT_ID: tenant, CLIENT_WITHOUT_ROLE_SECRET: secret } = environment
      if (!tenant || !secret)
        return { kind: 'skipped', why: 'AZURE_TENANT_ID and CLIENT_WITHOUT_ROLE_SECRET are not set' }
      try {
        return await tokenOf(new ClientSecretCredential(tenant, clientWithoutRole, secret, { authorityHost }), scope)
      } catch (error) {
        // The API demands an assignment, and this application has none.
        if (aadCodeOf(error) === 'AADSTS501051') return { kind: 'stopped' }
        throw error
      }
    },
  }
}

/** Entra's own number, such as `AADSTS501051`: all of its words that may be shown. */
export const aadCodeOf = (error: unknown): string | undefined =>
  error instanceof Error ? /AADSTS\d+/.exec(error.message)?.[0] : undefined
