// Translator, Speech and Computer Vision of the stand-in: which key and which token they take.

import { z } from 'zod'
import { useAzure } from './scene.ts'

const azure = useAzure()

type Headers = Record<string, string>
const key = (account: string): Headers => ({ 'Ocp-Apim-Subscription-Key': azure.account(account).keys.key1.value })
const inRegion = (region: string): Headers => ({ 'Ocp-Apim-Subscription-Region': region })

const placeOf: Record<string, string> = {
  translator: 'api.cognitive.microsoft.com',
  'translator-eu': 'westeurope.api.cognitive.microsoft.com',
  'speech-a': 'westus2.api.cognitive.microsoft.com',
  'speech-b': 'westeurope.api.cognitive.microsoft.com',
  multi: 'westus2.api.cognitive.microsoft.com',
}

async function token(account: string): Promise<Headers> {
  const url = `https://${placeOf[account]}/sts/v1.0/issueToken`
  const answer = await fetch(url, { method: 'POST', headers: key(account) })
  return { authorization: `Bearer ${await answer.text()}` }
}

const translate = (headers: Headers, query = 'api-version=3.0&from=en&to=de', body: unknown = [{ Text: 'Hello' }]) =>
  fetch(`https://api.cognitive.microsofttranslator.com/translate?${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
const voices = (region: string, headers: Headers) =>
  fetch(`https://${region}.tts.speech.microsoft.com/cognitiveservices/voices/list`, { headers })
const analyze = (host: string, headers: Headers, body = '{"url":"https://example.org/a.png"}') =>
  fetch(`https://${host}/vision/v3.2/analyze?visualFeatures=Tags`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })

const translatorError = z.object({ error: z.object({ code: z.number() }) })
const translatorCode = async (answer: Response) => [
  answer.status,
  translatorError.parse(await answer.json()).error.code,
]

describe('Translator', () => {
  test('a global key needs no region; a translation comes back for each text and language', async () => {
    const body = [{ Text: 'Hello' }, { text: 'World' }]
    const answer = await translate(key('translator'), 'api-version=3.0&from=en&to=de&to=fr', body)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual([
      { translations: [expect.objectContaining({ to: 'de' }), expect.objectContaining({ to: 'fr' })] },
      { translations: [expect.objectContaining({ to: 'de' }), expect.objectContaining({ to: 'fr' })] },
    ])
  })

  test('a page of any origin may call, and read a refusal, too', async () => {
    const url = 'https://api.cognitive.microsofttranslator.com/translate'
    const asked = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' }
    const preflight = await fetch(url, { method: 'OPTIONS', headers: { origin: 'https://shop.example', ...asked } })
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([200, 'authorization'])
    const answers = [preflight, await translate(key('translator')), await translate({})]
    expect(answers.map(({ headers }) => headers.get('access-control-allow-origin'))).toEqual(['*', '*', '*'])
  })

  test.each<{ what: string; account: string; region?: string; status: number }>([
    { what: 'a regional key with its region', account: 'translator-eu', region: 'westeurope', status: 200 },
    { what: 'a regional key without region', account: 'translator-eu', status: 401 },
    { what: "a regional key with another's region", account: 'translator-eu', region: 'westus2', status: 401 },
    { what: 'a multi-service key with its region', account: 'multi', region: 'westus2', status: 200 },
    { what: 'a multi-service key without region', account: 'multi', status: 401 },
    { what: 'a Speech key', account: 'speech-a', region: 'westus2', status: 401 },
    { what: 'a Computer Vision key', account: 'vision', region: 'westus2', status: 401 },
  ])('$what: $status', async ({ account, region, status }) => {
    expect((await translate({ ...key(account), ...(region ? inRegion(region) : {}) })).status).toBe(status)
  })

  test.each(['translator', 'translator-eu', 'multi'])('key, then token, then translation: %s', async (account) => {
    expect((await translate(await token(account))).status).toBe(200)
  })

  test('a body of another type is 415', async () => {
    const answer = await translate({ ...key('translator'), 'content-type': 'text/plain' })
    expect(await translatorCode(answer)).toEqual([415, 415_000])
  })

  test("a Speech account's token is for another service", async () => {
    expect(await translatorCode(await translate(await token('speech-a')))).toEqual([401, 401_015])
  })

  test.each<{ what: string; headers: Headers }>([
    { what: 'nothing', headers: {} },
    { what: 'an unknown key', headers: { 'Ocp-Apim-Subscription-Key': 'f'.repeat(32) } },
    { what: 'a token that was not issued here', headers: { authorization: 'Bearer a.b.c' } },
  ])('$what is refused with a number for a code', async ({ headers }) => {
    expect(await translatorCode(await translate(headers))).toEqual([401, 401_000])
  })

  test.each([
    { what: 'no api-version', query: 'to=de', body: [{ Text: 'x' }] },
    { what: 'no target language', query: 'api-version=3.0', body: [{ Text: 'x' }] },
    { what: 'a body of another shape', query: 'api-version=3.0&to=de', body: { Text: 'x' } },
  ])('$what: 400', async ({ query, body }) => {
    expect((await translate(key('translator'), query, body)).status).toBe(400)
  })
})

describe('Speech', () => {
  test.each([
    { what: "a key at its account's region", account: 'speech-a', region: 'westus2', status: 200 },
    { what: 'a multi-service key', account: 'multi', region: 'westus2', status: 200 },
    { what: 'a key at another region', account: 'speech-a', region: 'westeurope', status: 401 },
    { what: "another kind's key", account: 'translator-eu', region: 'westeurope', status: 401 },
    { what: 'local auth off', account: 'speech-off', region: 'westus2', status: 403 },
  ])('$what: $status', async ({ account, region, status }) => {
    expect((await voices(region, key(account))).status).toBe(status)
  })

  test.each([
    { account: 'speech-a', region: 'westus2', status: 200 },
    { account: 'multi', region: 'westus2', status: 200 },
    { account: 'speech-b', region: 'westus2', status: 401 },
    { account: 'translator-eu', region: 'westeurope', status: 401 },
  ])('a token of $account at $region: $status', async ({ account, region, status }) => {
    expect((await voices(region, await token(account))).status).toBe(status)
  })
})

describe('Computer Vision', () => {
  const region = 'westus2.api.cognitive.microsoft.com'
  const own = 'vision.cognitiveservices.azure.com'

  test.each([
    { what: 'its key at the region', host: region, account: 'vision', status: 200 },
    { what: 'its key at the subdomain', host: own, account: 'vision', status: 200 },
    { what: 'a multi-service key at the region', host: region, account: 'multi', status: 200 },
    { what: "another account's key at the subdomain", host: own, account: 'multi', status: 401 },
    { what: 'a Speech key', host: region, account: 'speech-a', status: 401 },
  ])('$what: $status', async ({ host, account, status }) => {
    expect((await analyze(host, key(account))).status).toBe(status)
  })

  test('no STS token is taken, not even of a multi-service account', async () => {
    expect((await analyze(region, await token('multi'))).status).toBe(401)
  })

  test('a body of another type is 415', async () => {
    expect((await analyze(region, { ...key('vision'), 'content-type': 'text/plain' })).status).toBe(415)
  })

  test('a call without an image is 400', async () => {
    expect((await analyze(region, key('vision'), '')).status).toBe(400)
  })
})

describe('the life of a token', () => {
  const regenerate = (name: string, value: string, worksFrom = 0) => {
    azure.account(name).keys.key1 = { value, worksFrom }
  }

  test.each([
    { tokensDieWithKey: true, status: 401 },
    { tokensDieWithKey: false, status: 200 },
  ])(
    'after its key was regenerated, by the switch ($tokensDieWithKey): $status',
    async ({ tokensDieWithKey, status }) => {
      const headers = await token('speech-b')
      regenerate('speech-b', `${tokensDieWithKey}`.padEnd(32, '0'))
      await azure.switchOver({ tokensDieWithKey }, async () => {
        expect((await voices('westeurope', headers)).status).toBe(status)
      })
    },
  )

  test('it is refused from the second in which it ends', async () => {
    await azure.switchOver({ tokenSeconds: 1 }, async () => {
      const headers = await token('speech-a')
      await new Promise((resolve) => setTimeout(resolve, 1050))
      expect((await voices('westus2', headers)).status).toBe(401)
    })
  })

  test('a key that does not work yet is refused like an unknown one', async () => {
    regenerate('speech-b', 'b'.repeat(32), azure.world.now() + 60_000)
    expect((await voices('westeurope', key('speech-b'))).status).toBe(401)
    regenerate('speech-b', 'b'.repeat(32))
    expect((await voices('westeurope', key('speech-b'))).status).toBe(200)
  })
})

describe('the journal', () => {
  test.each(['key', 'token'])('says whose %s it was, and of which slot', async (by) => {
    await voices('westus2', by === 'key' ? key('speech-a') : await token('speech-a'))
    expect(azure.lastEntry('speech.listVoices')).toMatchObject({ account: 'speech-a', slot: 'key1', by, status: 200 })
  })
})
