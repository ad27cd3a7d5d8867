// The error table A4 of ARM, row by row: status and code, never the text.

import { CognitiveServicesManagementClient } from '@azure/arm-cognitiveservices'
import { fieldOf, startTestAzure, type TestAzure } from '../support/azure.ts'
import { type Asked, armSeed, askArm, elsewhere, inGroup, one, provider, sub, version } from './arm-calls.ts'

let azure: TestAzure

beforeAll(async () => {
  azure = await startTestAzure({ seed: armSeed() })
})
afterAll(() => azure.close())
afterEach(() => azure.faults.clear())

const ask = (path: string, asked?: Asked) => askArm(azure, path, asked)
const client = (identity = 'rotator') => new CognitiveServicesManagementClient(azure.credential(identity), sub)

describe('error table A4', () => {
  const bad = (change: object) => async () => {
    const resource = 'https://management.azure.com'
    return (await azure.entra.mint({ kind: 'identity', identity: 'human', resource, ...change })).token
  }
  const keyName = (name: string) => JSON.stringify({ keyName: name })
  const post = { method: 'POST' } as const

  test.each<[what: string, status: number, code: string, path: string, asked?: Asked]>([
    ['no account', 404, 'ResourceNotFound', one('nothing') + version],
    ['no account to list keys of', 404, 'ResourceNotFound', `${one('nothing')}/listKeys${version}`, post],
    ['no resource group', 404, 'ResourceGroupNotFound', `${inGroup('nowhere')}/speech-west${version}`],
    ['no resource group to list', 404, 'ResourceGroupNotFound', inGroup('nowhere') + version],
    ['no subscription', 404, 'SubscriptionNotFound', `/subscriptions/${elsewhere}/${provider}${version}`],
    ['no right to read', 403, 'AuthorizationFailed', one('speech-west') + version, { as: 'vendor' }],
    ['no right to list', 403, 'AuthorizationFailed', `/subscriptions/${sub}/${provider}${version}`, { as: 'vendor' }],
    ['no right to list a group', 403, 'AuthorizationFailed', inGroup('ai') + version, { as: 'vendor' }],
    ['no right, no account', 403, 'AuthorizationFailed', one('nothing') + version, { as: 'vendor' }],
    [
      'no right to list keys',
      403,
      'AuthorizationFailed',
      `${one('speech-ungranted')}/listKeys${version}`,
      { ...post, as: 'rotator' },
    ],
    [
      'no right to regenerate',
      403,
      'AuthorizationFailed',
      `${one('speech-ungranted')}/regenerateKey${version}`,
      { ...post, as: 'rotator', body: keyName('Key1') },
    ],
    ['local auth off: listKeys', 400, 'BadRequest', `${one('speech-keyless')}/listKeys${version}`, post],
    [
      'local auth off: regenerateKey',
      400,
      'BadRequest',
      `${one('speech-keyless')}/regenerateKey${version}`,
      { ...post, body: keyName('Key1') },
    ],
    ...['key1', 'KEY2', 'Key3', ''].map((name): [string, number, string, string, Asked] => [
      `keyName ${JSON.stringify(name)}`,
      400,
      'BadRequest',
      `${one('speech-west')}/regenerateKey${version}`,
      { ...post, body: keyName(name) },
    ]),
    ['no body', 400, 'BadRequest', `${one('speech-west')}/regenerateKey${version}`, post],
    ...['text/plain', 'application/x-www-form-urlencoded', ''].map((type): [string, number, string, string, Asked] => [
      `a body of type ${JSON.stringify(type)}`,
      415,
      'UnsupportedMediaType',
      `${one('speech-west')}/regenerateKey${version}`,
      { ...post, body: keyName('Key1'), type },
    ]),
    ...['7.6', '2025-13-01', '2025-09', 'latest'].map((word): [string, number, string, string] => [
      `api-version ${word}`,
      400,
      'InvalidApiVersionParameter',
      `${one('speech-west')}?api-version=${word}`,
    ]),
    ['no api-version', 400, 'MissingApiVersionParameter', one('speech-west')],
    ['a bad name', 400, 'InvalidAccountName', `${one('a')}${version}`],
    ['a name with a blank', 400, 'InvalidAccountName', `${one('a%20b')}${version}`],
    ['a lock: listKeys', 409, 'ScopeLocked', `${one('locked')}/listKeys${version}`, post],
    [
      'a lock: regenerateKey',
      409,
      'ScopeLocked',
      `${one('locked')}/regenerateKey${version}`,
      { ...post, body: keyName('Key1') },
    ],
  ])('%s is %i %s', async (_, status, code, path, asked = {}) => {
    const response = await ask(path, asked)
    expect([response.status, await fieldOf(response, 'error.code')]).toEqual([status, code])
  })

  test.each<[what: string, code: string, token: () => Promise<string>]>([
    ['no token', 'AuthenticationFailed', async () => ''],
    ['a token that is none', 'InvalidAuthenticationToken', async () => 'none'],
    ['a token of another key', 'InvalidAuthenticationToken', bad({ sign: 'other-key' })],
    ['an unsigned token', 'InvalidAuthenticationToken', bad({ sign: 'none' })],
    ['a token by HS256', 'InvalidAuthenticationToken', bad({ sign: 'hs256' })],
    ['an expired token', 'ExpiredAuthenticationToken', bad({ lifetimeSeconds: -1 })],
    ['a token for Key Vault', 'InvalidAuthenticationTokenAudience', bad({ resource: 'https://vault.azure.net' })],
    ['a wrong aud alone', 'InvalidAuthenticationTokenAudience', bad({ claims: { aud: 'https://example.com' } })],
    ['a wrong tid alone', 'InvalidAuthenticationTokenTenant', bad({ claims: { tid: elsewhere } })],
    [
      'a wrong iss alone',
      'InvalidAuthenticationTokenTenant',
      bad({ claims: { iss: `https://sts.windows.net/${elsewhere}/` } }),
    ],
  ])('%s is 401 %s, with a challenge', async (_, code, token) => {
    const bearer = await token()
    const response = await ask(one('speech-west') + version, { token: bearer })
    expect([response.status, await fieldOf(response, 'error.code')]).toEqual([401, code])
    expect(response.headers.get('www-authenticate')).toContain(
      `Bearer authorization_uri="https://login.windows.net/${azure.entra.tenantId}", error="invalid_token"`,
    )
  })

  test.each([
    'https://management.core.windows.net/',
    'https://management.core.windows.net',
    'https://management.azure.com/',
    'https://management.azure.com',
  ])('a token for %s is good', async (aud) => {
    expect((await ask(one('speech-west') + version, { token: await bad({ claims: { aud } })() })).status).toBe(200)
  })

  test.each([
    [400, 'AccountProvisioningStateInvalid'],
    [403, 'RequestDisallowedByPolicy'],
    [409, 'RequestConflict'],
    [409, 'MissingSubscriptionRegistration'],
    [429, 'SubscriptionRequestsThrottled'],
    [429, undefined],
    [500, undefined],
    [503, undefined],
    [504, undefined],
  ])('a fault gives %i %s', async (status, code) => {
    azure.breakNext({
      route: 'arm.getAccount',
      kind: 'status',
      status,
      retryAfterSeconds: 7,
      ...(code ? { code } : {}),
    })
    const usual: Record<number, string> = {
      429: 'TooManyRequests',
      500: 'InternalServerError',
      503: 'ServiceUnavailable',
      504: 'GatewayTimeout',
    }
    const response = await ask(one('speech-west') + version)
    expect([response.status, await fieldOf(response, 'error.code')]).toEqual([status, code ?? usual[status]])
    expect(response.headers.get('retry-after')).toBe('7')
    expect((await ask(one('speech-west') + version)).status).toBe(200)
  })

  test('the client sees the code of a refusal as its own', async () => {
    await expect(client().accounts.listKeys('ai', 'speech-ungranted')).rejects.toMatchObject({
      name: 'RestError',
      statusCode: 403,
      code: 'AuthorizationFailed',
    })
  })
})
