// The token service of Azure AI accounts (contract C): the one host besides Key Vault that a key is sent to.

import { decodeJwt } from 'jose'
import type { Clock } from '../common/clock.ts'
import { type Cloud, type Place, stsUrl } from '../common/cloud.ts'
import { Secret } from '../common/secret.ts'
import type { KeyJudge, Verdict } from '../rotation/ports.ts'
import type { ExchangeAnswer, TokenService } from '../vending/ports.ts'

const TIMEOUT_MS = 10_000
/** Always ten minutes (contract C2); what a token says of itself wins. */
const TOKEN_MS = 10 * 60_000
const MAX_TOKEN_LENGTH = 16_384

export function tokenService({ cloud, clock }: { cloud: Cloud; clock: Clock }): TokenService & KeyJudge {
  const exchange = async (place: Place, key: Secret): Promise<ExchangeAnswer> => {
    const url = stsUrl(cloud, place)
    if (url === undefined) return { kind: 'unknown', reason: 'no-such-host' }
    try {
      return await readAnswer(await post(url, key), clock)
    } catch (error) {
      return { kind: 'unknown', reason: isTimeout(error) ? 'timeout' : 'no-answer' }
    }
  }
  return {
    exchange,
    async judge(place, key): Promise<Verdict> {
      const answer = await exchange(place, key)
      return answer.kind === 'token' ? { kind: 'accepted' } : answer
    },
  }
}

/**
 * A redirect is an error: fetch would send the key header along to wherever it leads. The connection is closed
 * afterwards, so that each exchange reaches the service anew: a proof must not ask one warm instance three times.
 */
const post = (url: string, key: Secret): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'ocp-apim-subscription-key': key.reveal(), connection: 'close' },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })

/** Judges by the status alone: two shapes of error bodies exist, and one of them is HTML (contract C5). */
async function readAnswer(answer: Response, clock: Clock): Promise<ExchangeAnswer> {
  const { status } = answer
  if (status === 200) {
    const text = (await answer.text()).trim()
    if (text === '' || text.length > MAX_TOKEN_LENGTH) return { kind: 'unknown', reason: 'not-a-token' }
    return { kind: 'token', token: Secret.of(text), expiresAt: readExpiry(text, clock) }
  }
  await answer.body?.cancel()
  if (status === 401) return { kind: 'refused' }
  if (status === 404 || status === 405) return { kind: 'unsupported' }
  // 403 says nothing about the key: a firewall, a quota, or local authentication being off.
  return { kind: 'unknown', reason: status === 403 ? 'forbidden' : `http-${status}` }
}

/** The token's form is not documented: only `exp` is read, and where it cannot be, the documented life counts. */
function readExpiry(token: string, clock: Clock): Date {
  const now = clock.now().getTime()
  try {
    const { exp } = decodeJwt(token)
    if (typeof exp === 'number' && exp * 1_000 > now) return new Date(exp * 1_000)
  } catch {
    // Not a JWT: the fallback below is the answer.
  }
  return new Date(now + TOKEN_MS)
}

const isTimeout = (error: unknown): boolean => error instanceof Error && error.name === 'TimeoutError'
