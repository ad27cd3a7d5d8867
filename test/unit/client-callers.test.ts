// How the client serves many callers, and those who give up.

import { clientScene, until } from '../support/scripted-vendor.ts'

const scene = clientScene({ account: 'Speech-West', scope: 'api://keystile/.default', random: () => 0.5 })
const { source } = scene

test('many calls at once make one request, and a failure is told to all of them', async () => {
  scene.vendor.script.push({ status: 403, body: { code: 'not_granted' } })
  const { getToken } = source()
  const refused = await Promise.allSettled(Array.from({ length: 50 }, () => getToken()))
  expect(new Set(refused.map(({ status }) => status))).toEqual(new Set(['rejected']))
  expect(scene.vendor.requests).toHaveLength(1)
  scene.clock.pass(5)
  const given = await Promise.all(Array.from({ length: 50 }, () => getToken()))
  expect(new Set(given.map(({ token }) => token))).toEqual(new Set(['token-2']))
})

test('a caller that gives up waits no longer; the others get the token', async () => {
  scene.vendor.script.push({ act: 'hold' })
  const { getToken } = source()
  const leaves = new AbortController()
  const [one, other] = [getToken({ signal: leaves.signal }), getToken()]
  leaves.abort(new Error('the page was left'))
  await expect(one).rejects.toThrow('the page was left')
  await until('the request arrives', () => scene.vendor.requests.length === 1)
  scene.vendor.release()
  expect((await other).token).toBe('token-1')
  await expect(getToken({ signal: AbortSignal.abort(new Error('too late')) })).rejects.toThrow('too late')
})

test.each([
  [0, 420],
  [0.5, 450],
  [0.999, 479.94],
])(
  'clients of one token do not come back all at once: %d draws %d s, from refresh_after to half-way to the end',
  async (drawn, seconds) => {
    const { getToken } = source({ random: () => drawn })
    await getToken()
    scene.clock.pass(seconds - 0.01)
    await getToken()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(scene.vendor.requests).toHaveLength(1)
    scene.clock.pass(0.02)
    expect((await getToken()).token).toBe('token-1')
    await until('the next is asked for', () => scene.vendor.requests.length === 2)
  },
)
