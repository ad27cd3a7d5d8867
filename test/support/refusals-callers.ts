// Callers whom nobody vouches for: what is wrong with the header, the signature or the claims. None leaves a record.

import { app, claiming, group, header, type Row, titled, user, written } from './refusals.ts'

const OTHER = '00000000-0000-4000-8000-00000000000f'
const KEYSTILE = 'a9100000-0000-4000-8000-000000000001'
const V1 = { ver: '1.0', iss: 'https://sts.windows.net/7e4a4700-0000-4000-8000-000000000001/', aud: 'api://keystile' }
const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
const principal = Buffer.from(
  JSON.stringify({ userId: 'x', userDetails: 'x', identityProvider: 'aad', userRoles: ['Token.Issue'] }),
).toString('base64')

/** The payload of a token, changed, under its old signature. */
function tampered(token: string, change: object): string {
  const [head, payload = '', signature] = token.split('.')
  const claims: object = JSON.parse(Buffer.from(payload, 'base64url').toString())
  return `${head}.${encoded({ ...claims, ...change })}.${signature}`
}

const missing = group(401, 'token_missing', {
  'no header': {},
  'an empty header': header(''),
  'a header of blanks': header('   '),
  'a name and a password': header('Basic YXBwLWFsbDpzZWNyZXQ='),
  'a scheme of Windows': header('Negotiate YII='),
  'a token without a scheme': written((token) => token),
  'a token in the address': { path: '/speech-west/token?access_token=a.b.c' },
  'a function key': { path: '/speech-west/token?code=abc', headers: { 'x-functions-key': 'abc' } },
  'a principal of Static Web Apps, forged': { headers: { 'x-ms-client-principal': principal } },
  'a principal of App Service, forged': {
    headers: {
      'x-ms-client-principal': principal,
      'x-ms-client-principal-id': 'ca11e40b-0000-4000-8000-000000000001',
      'x-ms-client-principal-name': 'app-all',
      'x-ms-client-principal-idp': 'aad',
      'x-ms-token-aad-access-token': 'a.b.c',
    },
  },
  'a principal that is no JSON': { headers: { 'x-ms-client-principal': '%%%' } },
})

const malformed = group(401, 'token_invalid', {
  'a scheme without a token': header('Bearer'),
  'text for a token': header('Bearer abc'),
  'fifteen thousand characters': header(`Bearer a.b.${'c'.repeat(15_000)}`),
  'five parts, as if encrypted': header('Bearer a.b.c.d.e'),
  'the scheme twice': written((token) => `Bearer Bearer ${token}`),
  'two tokens in one header': written((token) => `Bearer ${token}, Bearer ${token}`),
  'two headers': written((token) => [`Bearer ${token}`, `Bearer ${token}`]),
  'a word behind the token': written((token) => `Bearer ${token} x`),
  'a token in quotes': written((token) => `Bearer "${token}"`),
  'a token with padding': written((token) => `Bearer ${token}==`),
  'a token of four parts': written((token) => `Bearer ${token}.x`),
  'a token without its signature': written((token) => `Bearer ${token.split('.').slice(0, 2).join('.')}.`),
  'a signature of one letter less': written((token) => `Bearer ${token.slice(0, -1)}`),
  'a payload that is no JSON': written((token) => `Bearer ${token.replace(/\..*\./, '.YWJj.')}`),
  'a payload with one more role': written(
    (token) => `Bearer ${tampered(token, { roles: ['Token.Issue', 'Rotation.Revoke'] })}`,
  ),
  'a payload that ends later': written((token) => `Bearer ${tampered(token, { exp: 4_102_444_800 })}`),
})

const unsigned = group(401, 'token_invalid', {
  'no signature (alg none)': { token: app({ sign: 'none' }) },
  'HS256 with the public key as the secret': { token: app({ sign: 'hs256' }) },
  'RS512 with the right key': { token: app({ sign: 'rs512' }) },
  'PS256 with the right key': { token: app({ sign: 'ps256' }) },
  'a key that nobody published, under the name of one': { token: app({ sign: 'other-key' }) },
  'a key that nobody published, under its own name': titled({ kid: 'made-up' }, 'other-key'),
  'the right key under another name': titled({ kid: 'made-up' }),
  'the right key without its name': titled({ kid: null }),
  'a key whose name is a path': titled({ kid: '../../keys' }, 'other-key'),
  'a key that the token brings along': titled({ jwk: { kty: 'RSA', n: 'AQAB', e: 'AQAB' } }, 'other-key'),
  'keys at an address that the token names': titled({ jku: 'https://keys.example/keys' }, 'other-key'),
  'an extension that must be understood': titled({ crit: ['pay'], pay: true }),
})

const untimely = [
  ...group(401, 'token_expired', {
    'ended two minutes ago': { token: app({ lifetimeSeconds: -120 }) },
    'ended, for an account that does not exist': { token: app({ lifetimeSeconds: -120 }), path: '/nowhere/token' },
  }),
  ...group(401, 'token_invalid', {
    'begins in an hour': claiming({ nbf: 4_102_444_800 }),
    'has no end': claiming({ exp: null }),
    'has an end in words': claiming({ exp: 'tomorrow' }),
    'has no beginning': claiming({ nbf: null }),
    'has no time of issue': claiming({ iat: null }),
  }),
]

const elsewhere = [
  ...group(401, 'token_wrong_audience', {
    'a token for ARM': { token: app({ resource: 'https://management.azure.com' }) },
    'a managed identity’s token for Key Vault': {
      token: { kind: 'identity', identity: 'vendor', resource: 'https://vault.azure.net' },
    },
    'no audience': claiming({ aud: null }),
    'an audience with a slash more': claiming({ aud: 'api://keystile/' }),
    'several audiences, none of them ours': claiming({ aud: ['api://keystile-2', 'api://other'] }),
    'an ID token of the application': { token: { kind: 'id', caller: 'app-all', claims: { roles: ['Token.Issue'] } } },
  }),
  ...group(401, 'token_wrong_tenant', {
    'another tenant': claiming({ tid: OTHER }),
    'another issuer (v2)': claiming({ iss: `https://login.microsoftonline.com/${OTHER}/v2.0` }),
    'another issuer (v1)': claiming({ ...V1, iss: `https://sts.windows.net/${OTHER}/` }),
    'the issuer of every tenant': claiming({ iss: 'https://login.microsoftonline.com/common/v2.0' }),
    'an issuer with a slash more': claiming({ iss: `https://login.microsoftonline.com/${OTHER}/v2.0/` }),
    'no issuer': claiming({ iss: null }),
  }),
  ...group(401, 'token_invalid', {
    'no tenant': claiming({ tid: null }),
    'an ID token for this API': {
      token: { kind: 'id', caller: 'app-all', forApi: true, claims: { roles: ['Token.Issue'] } },
    },
    'an ID token that names an application': {
      token: {
        kind: 'id',
        caller: 'app-all',
        forApi: true,
        claims: { azp: KEYSTILE, nonce: 'n', roles: ['Token.Issue'] },
      },
    },
    'the mark of a sign-in': claiming({ at_hash: 'x' }),
    'no application': claiming({ azp: null }),
    'a v1 token without its application': claiming({ ...V1, azp: KEYSTILE, appid: null }),
    'no object id': claiming({ oid: null }),
    'an application whose subject is somebody else': claiming({ sub: OTHER }),
    'a user without any scope claim': { token: user({ roles: ['Token.Issue'] }) },
  }),
]

/** Whoever sent these is not known. */
export const strangers: readonly Row[] = [...missing, ...malformed, ...unsigned, ...untimely, ...elsewhere]
