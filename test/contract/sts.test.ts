// The STS of the stand-in: contract C, row by row. Tests go by status and code, as a client has to.

import { createHash } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { z } from 'zod'
import { fingerprint } from '../../local/azure/keys.ts'
import { useAzure } from './scene.ts'

const azure = useAzure()

const regional = (region: string) => `https://${region}.api.cognitive.microsoft.com/sts/v1.0/issueToken`
const subdomain = (name: string) => `https://${name}.cognitiveservices.azure.com/sts/v1.0/issueToken`
const global = 'https://api.cognitive.microsoft.com/sts/v1.0/issueToken'

const keyOf = (account: string, slot: 'key1' | 'key2' = 'key1') => azure.account(account).keys[slot].value
const byKey = (url: string, key: string) =>
  fetch(url, { method: 'POST', headers: { 'Ocp-Apim-Subscription-Key': key } })
const byEntra = async (
  url: string,
  identity: string,
  audience = 'https://cognitiveservices.azure.com',
  life = 3600,
) => {
  const token = await azure.token(identity, audience, { lifetimeSeconds: life })
  return fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}` } })
}

const errorBody = z.object({ error: z.object({ code: z.string() }) })

/** Status and code of a refusal. */
async function refusalOf(answer: Response) {
  return [answer.status, errorBody.parse(await answer.json()).error.code]
}

const secondsFromNow = (exp = 0) => exp - Date.now() / 1000

describe('a key gets a token at its own place', () => {
  test.each([
    {
      what: 'a regional account, whatever the spelling of its location',
      account: 'speech-a',
      url: regional('westus2'),
    },
    { what: 'an account with a subdomain at its region', account: 'speech-b', url: regional('westeurope') },
    { what: 'an account with a subdomain at the subdomain', account: 'speech-b', url: subdomain('speech-b') },
    { what: 'a multi-service account', account: 'multi', url: regional('westus2') },
    { what: 'an AI Foundry account', account: 'foundry', url: subdomain('foundry') },
    { what: 'a global Translator', account: 'translator', url: global },
    { what: 'a regional Translator', account: 'translator-eu', url: regional('westeurope') },
    { what: 'a path in lower case', account: 'speech-a', url: regional('westus2').toLowerCase() },
  ])('$what', async ({ account, url }) => {
    for (const slot of ['key1', 'key2'] as const) {
      const answer = await byKey(url, keyOf(account, slot))
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-type')).toBe('application/jwt; charset=us-ascii')
      const token = await answer.text()
      expect(decodeProtectedHeader(token).alg).toBe('HS256')
      expect(decodeJwt(token)).toMatchObject({
        iss: 'urn:ms.cognitiveservices',
        'azure-resource-id': azure.account(account).id,
      })
    }
  })

  test('a token ends after ten minutes, or after what the switch says', async () => {
    const expiryOf = async () => decodeJwt(await (await byKey(regional('westus2'), keyOf('speech-a'))).text()).exp
    expect(Math.abs(secondsFromNow(await expiryOf()) - 600)).toBeLessThan(5)
    await azure.switchOver({ tokenSeconds: 30 }, async () => {
      expect(Math.abs(secondsFromNow(await expiryOf()) - 30)).toBeLessThan(5)
    })
  })

  test.each([
    {
      account: 'translator',
      url: global,
      claims: {
        region: 'global',
        aud: 'urn:ms.microsofttranslator',
        scope: 'https://api.microsofttranslator.com/',
        'product-id': 'TextTranslation.S0',
        'subscription-id': expect.stringMatching(/^[0-9a-f]{32}$/),
      },
    },
    {
      account: 'speech-a',
      url: regional('westus2'),
      claims: { region: 'westus2', aud: 'urn:ms.speechservices.westus2', 'product-id': 'SpeechServices.S0' },
    },
  ])('the claims of $account are the ones seen in public', async ({ account, url, claims }) => {
    expect(decodeJwt(await (await byKey(url, keyOf(account))).text())).toMatchObject(claims)
  })

  test('the body is ignored, and so is its type', async () => {
    const headers = { 'Ocp-Apim-Subscription-Key': keyOf('speech-a'), 'content-type': 'application/json' }
    expect((await fetch(regional('westus2'), { method: 'POST', headers, body: '{}' })).status).toBe(200)
  })

  test('a key may come in the query', async () => {
    const url = `${regional('westus2')}?Subscription-Key=${keyOf('speech-a')}`
    expect((await fetch(url, { method: 'POST' })).status).toBe(200)
  })
})

describe('refusals of keys (contract C5)', () => {
  test.each<{ what: string; url: string; key: () => string; status: number; code: string }>([
    { what: 'an unknown key', url: regional('westus2'), key: () => 'f'.repeat(32), status: 401, code: '401' },
    {
      what: 'a key at another region',
      url: regional('eastus'),
      key: () => keyOf('speech-a'),
      status: 401,
      code: '401',
    },
    { what: 'a regional key at the global host', url: global, key: () => keyOf('speech-a'), status: 401, code: '401' },
    {
      what: 'a global key at a region',
      url: regional('westus2'),
      key: () => keyOf('translator'),
      status: 401,
      code: '401',
    },
    {
      what: "a key at another account's subdomain",
      url: subdomain('multi'),
      key: () => keyOf('speech-a'),
      status: 401,
      code: '401',
    },
    {
      what: 'a kind without STS at its region',
      url: regional('westus2'),
      key: () => keyOf('vision'),
      status: 401,
      code: '401',
    },
    {
      what: 'a kind without STS at its subdomain',
      url: subdomain('vision'),
      key: () => keyOf('vision'),
      status: 404,
      code: '404',
    },
    {
      what: 'local auth off, at the region',
      url: regional('westus2'),
      key: () => keyOf('speech-off'),
      status: 403,
      code: 'AuthenticationTypeDisabled',
    },
    {
      what: 'local auth off, at the subdomain',
      url: subdomain('speech-off'),
      key: () => keyOf('speech-off'),
      status: 403,
      code: 'AuthenticationTypeDisabled',
    },
  ])('$what: $status $code', async ({ url, key, status, code }) => {
    expect(await refusalOf(await byKey(url, key()))).toEqual([status, code])
  })

  test('no key at all: 401', async () => {
    expect((await fetch(regional('westus2'), { method: 'POST' })).status).toBe(401)
  })

  test.each([
    { what: 'network rules', status: 403, code: '403' },
    { what: 'public access off', status: 403, code: 'AccessDenied' },
    { what: 'rate', status: 429, code: '429' },
  ])('$what, on request: $status $code', async ({ status, code }) => {
    azure.fault({ route: 'sts.issueToken', kind: 'status', status, code })
    expect(await refusalOf(await byKey(regional('westus2'), keyOf('speech-a')))).toEqual([status, code])
  })

  test.each([
    { what: 'volume quota', status: 403, message: 'Out of call volume quota. Quota will be replenished in 2.12 days.' },
    { what: 'rate, in the older shape', status: 429, message: 'Rate limit is exceeded. Try again in 3 seconds.' },
  ])('$what, on request: $status with statusCode and message', async ({ status, message }) => {
    azure.fault({ route: 'sts.issueToken', kind: 'status', status, shape: 'flat', message })
    const answer = await byKey(regional('westus2'), keyOf('speech-a'))
    expect([answer.status, await answer.json()]).toEqual([status, { statusCode: status, message }])
  })

  test('without a length it is 411, and the body is HTML', async () => {
    const { head, body } = await azure.rawPost('westus2.api.cognitive.microsoft.com', '/sts/v1.0/issueToken', {
      'Ocp-Apim-Subscription-Key': keyOf('speech-a'),
    })
    expect(head).toMatch(/^HTTP\/1\.1 411 /)
    expect(head).toMatch(/content-type: text\/html/i)
    expect(body).toMatch(/^<!DOCTYPE html>/)
  })

  test('a key that was regenerated away is refused at once, and the new one from when it works', async () => {
    const account = azure.account('foundry')
    const old = account.keys.key1
    const fresh = 'a'.repeat(84)
    account.keys.key1 = { value: fresh, worksFrom: azure.world.now() + 60_000 }
    expect((await byKey(subdomain('foundry'), old.value)).status).toBe(401)
    expect(await refusalOf(await byKey(subdomain('foundry'), fresh))).toEqual([401, '401'])
    account.keys.key1 = { value: fresh, worksFrom: azure.world.now() }
    expect((await byKey(subdomain('foundry'), fresh)).status).toBe(200)
  })
})

describe('an Entra token in place of the key (contract C6)', () => {
  test('works at the custom subdomain, also where local auth is off', async () => {
    const answer = await byEntra(subdomain('speech-off'), 'vendor')
    expect(answer.status).toBe(200)
    expect(decodeJwt(await answer.text())['azure-resource-id']).toBe(azure.account('speech-off').id)
  })

  test.each([
    { where: 'a region', url: regional('westus2') },
    { where: 'the global host', url: global },
  ])('at $where it is 400, since the host does not say which account', async ({ url }) => {
    expect(await refusalOf(await byEntra(url, 'vendor'))).toEqual([400, 'BadRequest'])
  })

  test.each([
    { what: 'a principal without the right', url: subdomain('speech-off'), identity: 'officer' },
    { what: 'a principal with the right for another account', url: subdomain('speech-b'), identity: 'vendor' },
    { what: 'a role of the one action of the exchange', url: subdomain('speech-off'), identity: 'issuer' },
    { what: 'a role of all of Speech', url: subdomain('speech-off'), identity: 'speech-user' },
  ])('$what: 401', async ({ url, identity }) => {
    expect(await refusalOf(await byEntra(url, identity))).toEqual([401, 'PermissionDenied'])
  })

  test.each([
    { what: 'for Key Vault', audience: 'https://vault.azure.net', life: 3600 },
    { what: 'for ARM', audience: 'https://management.azure.com', life: 3600 },
    { what: 'with a slash behind its audience', audience: 'https://cognitiveservices.azure.com/', life: 3600 },
    { what: 'that is over', audience: undefined, life: -600 },
  ])('a token $what: 401', async ({ audience, life }) => {
    expect((await byEntra(subdomain('speech-off'), 'vendor', audience, life)).status).toBe(401)
  })
})

test('tokens that are over are forgotten', async () => {
  const { stsTokens } = azure.world
  const printOf = async () => fingerprint(await (await byKey(regional('westus2'), keyOf('speech-a'))).text())
  stsTokens.clear()
  await azure.switchOver({ tokenSeconds: 1 }, async () => {
    const short = await printOf()
    expect([...stsTokens.keys()]).toEqual([short])
    await new Promise((done) => setTimeout(done, 1_100))
    const later = await printOf()
    expect([...stsTokens.keys()]).toEqual([later])
  })
})

describe('the journal', () => {
  test('names account and slot of an exchange, by fingerprint, and holds neither key nor token', async () => {
    const key = keyOf('speech-a', 'key2')
    const token = await (await byKey(regional('westus2'), key)).text()
    expect(azure.lastEntry('sts.issueToken')).toMatchObject({
      account: 'speech-a',
      slot: 'key2',
      fingerprint: createHash('sha256').update(key).digest('hex'),
    })
    expect(azure.world.stsTokens.get(fingerprint(token))?.key?.slot).toBe('key2')
    const everything = JSON.stringify([azure.world.journal, [...azure.world.stsTokens]])
    expect(everything).not.toContain(key)
    expect(everything).not.toContain(token)
  })
})
