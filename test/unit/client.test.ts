// When the client asks for a token, and when it does not.

import { clientScene, countingCredential, until, vended } from '../support/scripted-vendor.ts'

const scene = clientScene({ account: 'Speech-West', scope: 'api://keystile/.default', random: () => 0 })
const { source } = scene

test('the first token is asked for with the credential’s bearer, and says where it is used and when it ends here', async () => {
  const credential = countingCredential('bearer-1')
  expect(await source({ credential }).getToken()).toEqual({
    token: 'token-1',
    expiresAt: new Date('2026-02-01T12:09:00Z'),
    region: 'westus2',
    endpoint: 'https://speech-west.cognitiveservices.azure.com/',
    account: 'speech-west',
  })
  expect(credential.asked).toEqual(['api://keystile/.default'])
  const [{ method, path, headers } = {}] = scene.vendor.requests
  expect([method, path, headers?.authorization]).toEqual(['POST', '/api/accounts/speech-west/token', 'Bearer bearer-1'])
})

test('until refresh_after there is one request, whatever the server believes the time to be', async () => {
  const { getToken } = source()
  await getToken()
  scene.clock.pass(419)
  expect((await getToken()).token).toBe('token-1')
  expect(scene.vendor.requests).toHaveLength(1)
})

test('from refresh_after on the token is given as it is, and one request in the background gets the next', async () => {
  const { getToken } = source()
  await getToken()
  scene.clock.pass(420)
  scene.vendor.script.push({ act: 'hold' })
  const given = await Promise.all([getToken(), getToken(), getToken()])
  expect(given.map(({ token }) => token)).toEqual(['token-1', 'token-1', 'token-1'])
  await until('the request arrives', () => scene.vendor.requests.length === 2)
  scene.vendor.release()
  await until('the next token is there', async () => (await getToken()).token === 'token-2')
  expect(scene.vendor.requests).toHaveLength(2)
})

test.each([
  ['5.001 s left: given', 534.999, 'token-1'],
  ['5 s left: not given any more', 535, 'token-2'],
])('%s', async (_what, seconds, token) => {
  const { getToken } = source()
  await getToken()
  scene.clock.pass(seconds)
  expect((await getToken()).token).toBe(token)
})

test('after a sleep that the monotonic clock did not see, the token that ended meanwhile is not given', async () => {
  const { getToken } = source()
  await getToken()
  scene.clock.setWall(3_600)
  expect((await getToken()).token).toBe('token-2')
})

test('a clock that is set back by an hour does not make a token last longer', async () => {
  const { getToken } = source()
  await getToken()
  scene.clock.setWall(-3_600)
  scene.clock.pass(540)
  expect((await getToken()).token).toBe('token-2')
})

test('the time of the request itself counts as life of the token', async () => {
  scene.vendor.script.push({ act: 'hold' })
  const { getToken } = source()
  const first = getToken()
  await until('the request arrives', () => scene.vendor.requests.length === 1)
  scene.clock.pass(20)
  scene.vendor.release()
  expect((await first).expiresAt).toEqual(new Date('2026-02-01T12:09:00Z'))
  scene.clock.pass(515)
  expect((await getToken()).token).toBe('token-2')
})

test('a refresh that fails leaves the token in use, and is not repeated within 5 s', async () => {
  const { getToken } = source({ attempts: 1 })
  await getToken()
  scene.clock.pass(420)
  scene.vendor.script.push({ status: 500 }, { status: 500 })
  expect((await getToken()).token).toBe('token-1')
  await until('the refresh is answered', () => scene.vendor.requests.length === 2)
  await settled()
  scene.clock.pass(4.9)
  await getToken()
  await settled()
  expect(scene.vendor.requests).toHaveLength(2)
  scene.clock.pass(0.2)
  expect((await getToken()).token).toBe('token-1')
  await until('it is tried again', () => scene.vendor.requests.length === 3)
})

test('a token that comes with its refresh_after already past is not asked for again within 5 s', async () => {
  scene.vendor.script.push({ body: vended('old', { expires_in: 100 }) })
  const { getToken } = source()
  await getToken()
  scene.clock.pass(4.9)
  await getToken()
  await settled()
  expect(scene.vendor.requests).toHaveLength(1)
  scene.clock.pass(0.2)
  await getToken()
  await until('the next is asked for', () => scene.vendor.requests.length === 2)
})

/** Long enough for an answer of this machine to be there. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 50))
