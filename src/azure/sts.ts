// The token service of Azure AI accounts (contract C): the one host besides Key Vault that a key is sent to.

import type { TokenCredential } from '@azure/identity'
import { decodeJwt } from 'jose'
import type { Clock } from '../common/clock.ts'
import { type Cloud, type Place, stsUrl } from '../common/cloud.ts'
import { AppError } from '../common/errors.ts'
import { Secret } from '../common/secret.ts'
import { shortText } from '../common/short-text.ts'
import type { KeyJudge, Verdict } from '../rotation/ports.ts'
import type { ExchangeAnswer, TokenService } from '../vending/ports.ts'

const TIMEOUT_MS = 10_000
/** Always ten minutes (contract C2); what a token says of itself wins. */
const TOKEN_MS = 10 * 60_000
const MAX_TOKEN_LENGTH = 16_384

export interface StsDeps {
  readonly cloud: Cloud
  readonly clock: Clock
}

/** For the rotator, which asks whether a key works and keeps no token. */
export function keyJudge(deps: StsDeps): KeyJudge {
  return {
    async judge(place, key): Promise<Verdict> {
      const answer = await ask(deps, place, async () => withKey(key))
      if (answer.kind === 'token') return { kind: 'accepted' }
      // A firewall, a quota, or local authentication being off: nothing about the key.
      return answer.kind === 'forbidden' ? { kind: 'unknown', reason: 'forbidden' } : answer
    },
  }
}

/** For the vendor. @param deps.credential our own identity, for accounts without keys. */
export function tokenService(deps: StsDeps & { readonly credential: TokenCredential }): TokenService {
  const scope = `https://${deps.cloud.customSubDomain}/.default`
  return {
    exchange: (place, key) => ask(deps, place, async () => withKey(key)),
    async exchangeIdentity(place) {
      // A regional host belongs to everybody's accounts: our own identity is not shown there.
      if (place.subDomain === undefined) return { kind: 'unknown', reason: 'no-such-host' }
      return ask(deps, place, async () => {
        const token = await deps.credential.getToken(scope, { abortSignal: AbortSignal.timeout(TIMEOUT_MS) })
        if (!token) throw new AppError('upstream_refused', 'our own identity: no token')
        return { authorization: `Bearer ${token.token}` }
      })
    },
  }
}

const withKey = (key: Secret): HeaderMap => ({ 'ocp-apim-subscription-key': key.reveal() })

async function ask(
  { cloud, clock }: StsDeps,
  place: Place,
  toHeaders: () => Promise<HeaderMap>,
): Promise<ExchangeAnswer> {
  const url = stsUrl(cloud, place)
  if (url === undefined) return { kind: 'unknown', reason: 'no-such-host' }
  try {
    const headers = await toHeaders()
    const askedAt = clock.now()
    return await readAnswer(await post(url, headers), askedAt)
  } catch (error) {
    return { kind: 'unknown', reason: isTimeout(error) ? 'timeout' : 'no-answer' }
  }
}

type HeaderMap = Readonly<Record<string, string>>

/**
 * A redirect is an error: fetch would send the key header along to wherever it leads. The connection is closed
 * afterwards, so that each exchange reaches the service anew: a proof must not ask one warm instance three times.
 */
const post = (url: string, headers: HeaderMap): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { ...headers, connection: 'close' },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })

/** Judges by the status alone: two shapes of error bodies exist, and one of them is HTML (contract C5). */
async function readAnswer(answer: Response, askedAt: Date): Promise<ExchangeAnswer> {
  const { status } = answer
  if (status === 200) {
    const text = (await shortText(answer.body, MAX_TOKEN_LENGTH))?.trim()
    if (!text) return { kind: 'unknown', reason: 'not-a-token' }
    const expiresAt = readExpiry(text, askedAt)
    return expiresAt > askedAt
      ? { kind: 'token', token: Secret.of(text), expiresAt }
      : { kind: 'unknown', reason: 'expired-token' }
  }
  await answer.body?.cancel()
  if (status === 401) return { kind: 'refused' }
  if (status === 404 || status === 405) return { kind: 'unsupported' }
  return status === 403 ? { kind: 'forbidden' } : { kind: 'unknown', reason: `http-${status}` }
}

/**
 * The token's form is not documented: only `exp` is read. Where it cannot be, or is beyond the documented life of a
 * token, that life counts, from before the token was asked for.
 */
function readExpiry(token: string, askedAt: Date): Date {
  const latest = new Date(askedAt.getTime() + TOKEN_MS)
  try {
    const { exp } = decodeJwt(token)
    if (typeof exp !== 'number') return latest
    const stated = new Date(exp * 1_000)
    return stated < latest ? stated : latest
  } catch {
    return latest
  }
}

const isTimeout = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'name' in error && error.name === 'TimeoutError'
