// The control API and what it controls: switches, faults on the wire, journal and counts.

import http from 'node:http'
import https from 'node:https'
import { azureSwitches } from '../../local/azure/world.ts'
import { startTestAzure, type TestAzure } from '../support/azure.ts'

let azure: TestAzure

beforeAll(async () => {
  azure = await startTestAzure()
})
afterAll(() => azure.close())
afterEach(() => {
  azure.faults.clear()
  Object.assign(azure.world.switches, azureSwitches)
})

async function control(method: string, path: string, body?: unknown) {
  const response = await fetch(azure.controlUrl + path, {
    method,
    headers: { 'x-keystile-control': azure.controlKey },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
}

const keysUrl = () => `https://login.microsoftonline.com/${azure.entra.tenantId}/discovery/v2.0/keys`

describe('control API', () => {
  test.each([
    ['without its header', {}],
    ['with a guess in its header', { 'x-keystile-control': '1' }],
  ])('%s it does nothing', async (_, headers) => {
    const init = { method: 'POST', headers, body: '{"route":"*","kind":"hang"}' }
    const response = await fetch(`${azure.controlUrl}/faults`, init)
    expect(response.status).toBe(403)
    expect(azure.faults.list()).toEqual([])
  })

  test('its key is another at every start', async () => {
    const other = await startTestAzure()
    await other.close()
    expect(other.controlKey).toMatch(/^[0-9a-f]{32}$/)
    expect(other.controlKey).not.toBe(azure.controlKey)
  })

  test('a body over the limit is 413', async () => {
    expect((await control('POST', '/faults', 'x'.repeat(70_000))).status).toBe(413)
  })

  test('by another name than loopback it does nothing', async () => {
    const status = await new Promise((resolve, reject) => {
      const headers = { host: 'rebound.example.com', 'x-keystile-control': azure.controlKey }
      const request = http.get(`${azure.controlUrl}/switches`, { headers, agent: false })
      request.on('response', (response) => resolve(response.resume().statusCode))
      request.on('error', reject)
    })
    expect(status).toBe(403)
  })

  test('switches are read and turned', async () => {
    expect(await control('PATCH', '/switches', { propagationSeconds: 3 })).toEqual({
      status: 200,
      body: { ...azureSwitches, propagationSeconds: 3 },
    })
    expect((await control('GET', '/switches')).body.propagationSeconds).toBe(3)
    expect(azure.world.switches.propagationSeconds).toBe(3)
  })

  test('faults are added, one or many, listed and taken away', async () => {
    const added = await control('POST', '/faults', [
      { route: 'arm.*', kind: 'status', status: 429, retryAfterSeconds: 2, count: 3 },
      { route: 'sts.issueToken', host: 'WestUS2.api.cognitive.microsoft.com', kind: 'hang', skip: 1 },
    ])
    const list = [
      { route: 'arm.*', kind: 'status', status: 429, retryAfterSeconds: 2, count: 3, skip: 0 },
      { route: 'sts.issueToken', host: 'westus2.api.cognitive.microsoft.com', kind: 'hang', count: 1, skip: 1 },
    ]
    expect(added).toEqual({ status: 201, body: list })
    expect((await control('GET', '/faults')).body).toEqual(list)
    expect((await control('DELETE', '/faults')).status).toBe(204)
    expect((await control('GET', '/faults')).body).toEqual([])
  })

  test.each<[method: string, path: string, body: unknown, field: string]>([
    ['PATCH', '/switches', { propagationSeconds: -1 }, 'propagationSeconds'],
    ['PATCH', '/switches', { unknownSwitch: true }, 'unknownSwitch'],
    ['POST', '/faults', { kind: 'hang' }, 'route'],
    ['POST', '/faults', { route: '*', kind: 'explode' }, 'kind'],
    ['POST', '/faults', { route: '*', kind: 'status', status: 200 }, 'status'],
    ['POST', '/faults', [{ route: '*', kind: 'hang', count: 0 }], 'count'],
    ['POST', '/faults', 'no json', 'JSON'],
    ['POST', '/tokens', { kind: 'app' }, 'caller'],
    ['POST', '/tokens', { kind: 'app', caller: 'stranger' }, 'stranger'],
    ['GET', '/journal?since=never', undefined, 'since'],
  ])('%s %s with bad input is 400 naming what is wrong: %j', async (method, path, body, field) => {
    const answer = await control(method, path, body)
    expect([answer.status, answer.body]).toEqual([400, { error: expect.stringContaining(field) }])
  })

  test.each([
    ['GET', '/nothing'],
    ['PUT', '/faults'],
  ])('%s %s is 404', async (method, path) => {
    expect((await control(method, path)).status).toBe(404)
  })

  test('the journal continues where the last reader stopped, and counts go by route', async () => {
    const { next } = (await control('GET', '/journal')).body
    const before = (await control('GET', '/counts')).body['entra.keysV2'] ?? 0
    await fetch(keysUrl())
    const later = (await control('GET', `/journal?since=${next}`)).body
    expect(later.next).toBe(next + 1)
    expect(later.entries).toMatchObject([{ route: 'entra.keysV2', status: 200 }])
    expect((await control('GET', '/counts')).body['entra.keysV2']).toBe(before + 1)
    expect((await control('GET', '/egress')).body.at(-1)).toMatchObject({ host: 'login.microsoftonline.com' })
  })

  test('tokens are signed on request', async () => {
    const { body } = await control('POST', '/tokens', { kind: 'app', caller: 'app-all' })
    const { clientId } = azure.world.seed.api
    expect(await azure.entra.verify(body.token, [clientId])).toMatchObject({
      kind: 'ok',
      principal: { name: 'app-all' },
    })
  })
})

describe('faults on the wire', () => {
  const sub = () => azure.world.seed.subscriptions[0]?.id
  const account = () =>
    `/subscriptions/${sub()}/resourceGroups/ai/providers/Microsoft.CognitiveServices/accounts/speech-west`

  async function regenerate() {
    const resource = 'https://management.azure.com'
    const { token } = await azure.entra.mint({ kind: 'identity', identity: 'rotator', resource })
    return fetch(`${resource}${account()}/regenerateKey?api-version=2025-09-01`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{"keyName":"Key2"}',
      signal: AbortSignal.timeout(2_000),
    }).then(async (response) => ({ status: response.status, body: await response.json() }))
  }

  const key2 = () => azure.world.accounts.get(account().toLowerCase())?.keys.key2.value

  test.each([
    ['hang', 'TimeoutError', false],
    ['reset-before', 'TypeError', false],
    ['reset-after', 'TypeError', true],
    ['cut-body', 'TypeError', true],
  ] as const)('%s ends a call with %s, and the effect is there: %s', async (kind, name, effect) => {
    const before = key2()
    azure.breakNext({ route: 'arm.regenerateKey', kind })
    const from = azure.journal.since(0).next
    await expect(regenerate()).rejects.toMatchObject({ name })
    expect(key2() !== before).toBe(effect)
    expect(azure.journal.since(from).entries).toMatchObject([{ route: 'arm.regenerateKey', fault: kind }])
    expect((await regenerate()).status).toBe(200)
  })

  test('a cut answer has its headers and the half of its body', async () => {
    azure.breakNext({ route: 'entra.keysV2', kind: 'cut-body' })
    const response = await fetch(keysUrl())
    expect(response.status).toBe(200)
    await expect(response.text()).rejects.toThrow()
  })

  test('a fault lets calls pass first, hits its count, and is then gone', async () => {
    azure.breakNext({ route: 'entra.keysV2', kind: 'status', status: 503, skip: 1, count: 2 })
    const statuses = []
    for (let call = 0; call < 4; call += 1) statuses.push((await fetch(keysUrl())).status)
    expect(statuses).toEqual([200, 503, 503, 200])
  })

  test('a fault for another host or route does not hit', async () => {
    azure.breakNext({ route: 'entra.keysV2', host: 'sts.windows.net', kind: 'status', status: 503 })
    azure.breakNext({ route: 'arm.*', kind: 'status', status: 503 })
    expect((await fetch(keysUrl())).status).toBe(200)
    expect(azure.faults.list()).toHaveLength(2)
  })

  test.each([
    ['keyVault.getSecret', 429, { error: { code: 'Throttled', message: expect.any(String) } }],
    ['sts.issueToken', 429, { error: { code: '429', message: expect.any(String) } }],
  ])('%s fails in the words of its service', async (route, status, body) => {
    azure.breakNext({ route, kind: 'status', status })
    const isVault = route.startsWith('keyVault')
    const response = await fetch(
      isVault
        ? 'https://keystile-local.vault.azure.net/secrets/x?api-version=7.6'
        : 'https://westus2.api.cognitive.microsoft.com/sts/v1.0/issueToken',
      { method: isVault ? 'GET' : 'POST', headers: isVault ? { authorization: 'Bearer x' } : {} },
    )
    expect([response.status, await response.json()]).toEqual([status, body])
  })

  test('the first call to a vault, which is only there to be challenged, spends no fault', async () => {
    azure.breakNext({ route: 'keyVault.getSecret', kind: 'status', status: 503 })
    const response = await fetch('https://keystile-local.vault.azure.net/secrets/x?api-version=7.6')
    expect(response.status).toBe(401)
    expect(azure.faults.list()).toHaveLength(1)
  })
})

describe('the TLS server', () => {
  test('a body over the limit is 413', async () => {
    const body = 'x'.repeat(2 * 1024 * 1024)
    expect((await fetch('https://management.azure.com/anything', { method: 'POST', body })).status).toBe(413)
  })

  test('headers come as they were sent: a POST without a length is seen to have none', async () => {
    const agent = new https.Agent({ proxyEnv: { HTTPS_PROXY: azure.proxyUrl } })
    const status = await new Promise((resolve, reject) => {
      const host = 'westus2.api.cognitive.microsoft.com'
      const request = https.request({ host, path: '/sts/v1.0/issueToken', method: 'POST', agent })
      request.removeHeader('transfer-encoding')
      request.useChunkedEncodingByDefault = false
      request.on('response', (response) => resolve(response.resume().statusCode))
      request.on('error', reject)
      request.end()
    })
    agent.destroy()
    expect(status).toBe(411)
  })

  test.each([
    ['the same in another case', 'LOGIN.microsoftonline.com', 200],
    ['with its port', 'login.microsoftonline.com:443', 200],
    ['of another served host', 'management.azure.com', 421],
    ['of no host', 'localhost', 421],
  ])('the Host header must be the name of the TLS connection: %s is %i', async (_, host, status) => {
    const agent = new https.Agent({ proxyEnv: { HTTPS_PROXY: azure.proxyUrl } })
    const servername = 'login.microsoftonline.com'
    const got = await new Promise((resolve, reject) => {
      const request = https.get(keysUrl(), { agent, servername, headers: { host } })
      request.on('response', (response) => resolve(response.resume().statusCode))
      request.on('error', reject)
    })
    agent.destroy()
    expect(got).toBe(status)
  })

  test('whoever a token that is not good claims to be is not written down', async () => {
    const resource = 'https://management.azure.com'
    const { token } = await azure.entra.mint({ kind: 'identity', identity: 'rotator', resource, sign: 'other-key' })
    const headers = { authorization: `Bearer ${token}` }
    const from = azure.journal.since(0).next
    await fetch(keysUrl(), { headers })
    await fetch(`${resource}/subscriptions/${azure.entra.tenantId}/nothing`, { headers })
    azure.breakNext({ route: 'arm.listAccounts', kind: 'status', status: 503 })
    await fetch(`${resource}/subscriptions/${azure.entra.tenantId}/providers/Microsoft.CognitiveServices/accounts`, {
      headers,
    })
    const { entries } = azure.journal.since(from)
    expect(entries.map(({ status, principal }) => [status, principal])).toEqual([
      [200, undefined],
      [404, undefined],
      [503, undefined],
    ])
  })

  test.each(['HEAD', 'OPTIONS', 'PUT'])('%s on a route of another method is 404', async (method) => {
    expect((await fetch(keysUrl(), { method })).status).toBe(404)
  })

  test('closing ends a call that hangs', async () => {
    const other = await startTestAzure()
    other.breakNext({ route: '*', kind: 'hang' })
    const call = fetch(`https://login.microsoftonline.com/${other.entra.tenantId}/discovery/keys`).catch(
      (error: unknown) => error,
    )
    while (other.journal.since(0).next === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    const started = Date.now()
    await other.close()
    expect(Date.now() - started).toBeLessThan(1_000)
    expect(await call).toMatchObject({ name: 'TypeError' })
    await expect(
      new Promise((resolve, reject) => http.get(other.controlUrl, { agent: false }, resolve).on('error', reject)),
    ).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})
