// A vendor of the app's own parts, as src/parts puts them together, over an Azure in memory. That remembers nothing of
// an account or a caller: what is found in memory is the app's.

import { HttpRequest, type HttpResponseInit, InvocationContext } from '@azure/functions'
import { systemClock } from '../../src/azure/system-clock.ts'
import { admit } from '../../src/callers/admit.ts'
import { authenticate } from '../../src/callers/authenticate.ts'
import type { TokenVerifier } from '../../src/callers/ports.ts'
import { publicCloud } from '../../src/common/cloud.ts'
import { fingerprintOf, Secret } from '../../src/common/secret.ts'
import type { Soon } from '../../src/common/soon.ts'
import { inFlight } from '../../src/functions/in-flight.ts'
import { issueTokenHandler } from '../../src/functions/issue-token.ts'
import { refusalCount } from '../../src/functions/refusal-count.ts'
import { issueToken } from '../../src/vending/issue-token.ts'
import type { RecordReader, TokenService } from '../../src/vending/ports.ts'

const TENANT = '11111111-1111-4111-8111-111111111111'
const MINUTE_MS = 60_000
/** More than anything here asks; the limiter counts all the same. */
const UNHURRIED = { perMinute: 999_999, burst: 999_999 }

/** One request for a token, before the app has seen it. */
export interface Ask {
  readonly request: HttpRequest
  readonly context: InvocationContext
}

export interface Vendor {
  vend(ask: Ask): Soon<HttpResponseInit>
  /** Calls so far of what is not in memory when deployed: the vault, the token service, the check of a signature. */
  readonly calls: Readonly<Record<'read' | 'exchange' | 'verify', number>>
}

export function createVendor(): Vendor {
  const calls = { read: 0, exchange: 0, verify: 0 }
  const clock = systemClock
  const verifier: TokenVerifier = {
    async verify(token) {
      calls.verify += 1
      const [, payload = ''] = token.split('.')
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
      return { kind: 'claims', claims, keyId: 'key-1', expiresAt: new Date(Date.now() + 60 * MINUTE_MS) }
    },
    trusts: () => true,
  }
  const records: RecordReader = {
    async newest(name) {
      calls.read += 1
      const key = Secret.of(`key of ${name}`)
      const place = { region: 'westus2', subDomain: name }
      const record = {
        providerAddress: idOf(name),
        place,
        kind: 'SpeechServices',
        key,
        fingerprint: fingerprintOf(key),
      }
      return { kind: 'record', record }
    },
    another: async () => undefined,
  }
  const tokens: TokenService = {
    async exchange(place) {
      calls.exchange += 1
      return { kind: 'token', token: tokenOf(place.subDomain ?? ''), expiresAt: new Date(Date.now() + 10 * MINUTE_MS) }
    },
    exchangeIdentity: async () => ({ kind: 'refused' }),
  }
  const issue = issueToken({
    records,
    tokens,
    checks: { send: async () => undefined },
    clock,
    cloud: publicCloud,
    keyless: new Set(),
    random: Math.random,
    report: ({ kind }) => {
      throw new Error(`nothing is wrong with an account here, but: ${kind}`)
    },
  })
  const handler = issueTokenHandler({
    authenticate: authenticate({ verifier, tenantId: TENANT, clock }),
    admit: admit({ denied: new Set(), rate: UNHURRIED }),
    inFlight: inFlight(1_000),
    refusals: refusalCount({ clock, log: () => undefined }),
    issue,
  })
  return { calls, vend: ({ request, context }) => handler(request, context) as Soon<HttpResponseInit> }
}

/** What a request says that is not the same for all. */
export interface Told {
  readonly account: string
  readonly authorization: string
}

/** What the worker of Azure Functions makes of a request. */
export const askFor = ({ account, authorization }: Told): Ask => ({
  request: new HttpRequest({
    method: 'POST',
    url: `https://keystile.example/api/accounts/${account}/token`,
    params: { account },
    headers: { authorization },
  }),
  context: new InvocationContext({ functionName: 'issueToken', logHandler: () => undefined }),
})

/** By their numbers. The bearer is as long as one of Entra's, about 1,200 characters. */
export function told(account: number, caller: number): Told {
  const oid = `22222222-2222-4222-8222-${String(caller).padStart(12, '0')}`
  const azp = `33333333-3333-4333-8333-${String(caller).padStart(12, '0')}`
  const claims = { ver: '2.0', tid: TENANT, azp, oid, sub: oid, roles: ['Token.Issue'], uti: '-'.repeat(400) }
  const bearer = [HEADER, base64(JSON.stringify(claims)), 's'.repeat(342)].join('.')
  return { account: `account-${String(account).padStart(5, '0')}`, authorization: `Bearer ${bearer}` }
}

const base64 = (text: string): string => Buffer.from(text).toString('base64url')
const HEADER = base64('{"typ":"JWT","alg":"RS256","kid":"key-1"}')

/** 700 characters. */
const tokenOf = (name: string): Secret => Secret.of(Buffer.alloc(525, name).toString('base64url'))

const idOf = (name: string): string =>
  `/subscriptions/${TENANT}/resourceGroups/ai/providers/Microsoft.CognitiveServices/accounts/${name}`
