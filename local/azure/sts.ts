// POST /sts/v1.0/issueToken: a key, or at a custom subdomain an Entra token, for a JWT of ten minutes (contract C).

import { randomBytes, randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import { type Accepted, judgeKey, keyOf } from './ai-credentials.ts'
import { globalOrRegionalOrSubdomain, hasSts, livesAt, type Place, placeOf } from './ai-hosts.ts'
import {
  accessDenied,
  denied,
  localAuthOff,
  noSuchResource,
  principalLacksAccess,
  subdomainNeeded,
} from './ai-refusals.ts'
import { isAllowed, readBearer } from './authorisation.ts'
import { type CloudHosts, cloudOf } from './clouds.ts'
import { fingerprint, regionOf } from './keys.ts'
import type { ServiceDeps } from './service.ts'
import { type Answer, type Call, Refusal, type Route } from './wire.ts'
import type { Account, World } from './world.ts'

/**
 * Neither the one data action of this exchange is enough, nor all of Speech: it takes what Cognitive Services User has,
 * `Microsoft.CognitiveServices/*` (contract C6). So the second stands for any other.
 */
const entraActions = [
  'Microsoft.CognitiveServices/accounts/SpeechServices/issuetoken/action',
  'Microsoft.CognitiveServices/accounts/AnyOtherService/anything/action',
]

/** Whom the token is for, by which key if by a key, and what the journal may know. */
type Grant = Pick<Accepted, 'account' | 'key' | 'details'>

export function stsRoutes(deps: ServiceDeps): Route[] {
  const signingSecret = randomBytes(32)

  async function issueToken(call: Call): Promise<Answer> {
    requireLength(call)
    const place = placeOf(deps.world, call)
    if (place.kind === 'subdomain' && !hasSts(place.account)) throw noSuchResource({ account: place.account.name })
    const key = keyOf(call)
    const {
      account,
      key: by,
      details,
    } = key === undefined ? await grantByEntra(deps, call, place) : grantByKey(deps.world, key, place)
    const expires = Math.floor(deps.world.now() / 1000) + deps.world.switches.tokenSeconds
    const token = await new SignJWT(claimsOf(cloudOf(deps.world.seed), account))
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setExpirationTime(expires)
      .sign(signingSecret)
    pruneTokens(deps.world)
    deps.world.stsTokens.set(fingerprint(token), {
      accountId: account.id.toLowerCase(),
      expires,
      ...(by ? { key: by } : {}),
    })
    return { status: 200, headers: { 'content-type': 'application/jwt; charset=us-ascii' }, body: token, details }
  }

  return [
    {
      name: 'sts.issueToken',
      method: 'POST',
      hosts: globalOrRegionalOrSubdomain(cloudOf(deps.world.seed)),
      path: '/sts/v1.0/issueToken',
      handle: issueToken,
    },
  ]
}

/** The front end wants a length even for an empty body, and says so in HTML (contract C2). */
function requireLength({ headers }: Call): void {
  if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) return
  const body =
    '<!DOCTYPE html><html><head><title>Length Required</title></head><body><h2>Length Required</h2></body></html>'
  throw new Refusal({ status: 411, headers: { 'content-type': 'text/html; charset=us-ascii' }, body })
}

function grantByKey(world: World, value: string, place: Place): Grant {
  // The host alone names the account here, so that it is refused before anybody looks at the key.
  if (place.kind === 'subdomain' && place.account.disableLocalAuth) throw localAuthOff({ account: place.account.name })
  const judged = judgeKey(world, value, (account) => hasSts(account) && livesAt(account, place))
  if (judged.kind === 'refused') throw denied(judged.why, judged.details)
  return judged
}

/** Contract C6: works where local auth is off, too, but only at the account's own subdomain. */
async function grantByEntra({ world, entra }: ServiceDeps, call: Call, place: Place): Promise<Grant> {
  if (call.headers.authorization === undefined) throw accessDenied({ why: 'missing' })
  if (place.kind !== 'subdomain') throw subdomainNeeded()
  const { account } = place
  const bearer = await readBearer(entra, call, [`https://${cloudOf(world.seed).subDomain}`])
  if (bearer.kind !== 'ok') throw principalLacksAccess({ account: account.name, why: bearer.kind })
  const details = { account: account.name, by: 'entra' }
  const isUser = entraActions.every((action) =>
    isAllowed(world, bearer.principal, { action, scope: account.id, plane: 'data' }),
  )
  if (!isUser) throw principalLacksAccess(details)
  return { account, details }
}

/** Forgets tokens that are over, oldest first, up to the first that is not. */
function pruneTokens({ stsTokens, now }: World): void {
  for (const [print, { expires }] of stsTokens) {
    if (expires * 1000 > now()) return
    stsTokens.delete(print)
  }
}

/** The claims that were seen in public (contract C4); where none were seen for a kind, it goes without. */
function claimsOf({ cognitive }: CloudHosts, account: Account): Record<string, string> {
  const region = regionOf(account)
  return {
    region,
    'subscription-id': fingerprint(account.id.toLowerCase()).slice(0, 32),
    'product-id': `${account.kind}.${account.sku}`,
    'cognitive-services-endpoint': `https://${cognitive}/internal/v1.0/`,
    'azure-resource-id': account.id,
    iss: 'urn:ms.cognitiveservices',
    // Ours: two tokens of the same second must differ, or a token of key1 would pass for one of key2.
    jti: randomUUID(),
    ...audienceOf(account.kind, region),
  }
}

function audienceOf(kind: string, region: string): Record<string, string> {
  switch (kind) {
    case 'TextTranslation':
      return { scope: 'https://api.microsofttranslator.com/', aud: 'urn:ms.microsofttranslator' }
    case 'SpeechServices':
      return { aud: `urn:ms.speechservices.${region}` }
    default:
      return {}
  }
}
