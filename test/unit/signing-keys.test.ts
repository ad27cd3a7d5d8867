// What an Entra that hangs or answers nonsense does to those whose keys are known, and to those who make keys up.

import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { entraVerifier } from '../../src/azure/entra.ts'
import { KeysUnavailable, type SigningKeys, signingKeys } from '../../src/azure/signing-keys.ts'
import { publicCloud } from '../../src/common/cloud.ts'
import { testClock } from '../support/rotation-world.ts'

const MINUTE = 60_000
const URL_OF_KEYS = new URL('https://login.microsoftonline.com/tenant-1/discovery/v2.0/keys')

let good: JWK
let fetched: jest.SpyInstance
let clock: ReturnType<typeof testClock>
/** What Entra answers; a test may change it. */
let answer: () => Promise<Response>

beforeAll(async () => {
  good = { ...(await exportJWK((await generateKeyPair('RS256')).publicKey)), kid: 'k1', use: 'sig' }
})
beforeEach(() => {
  clock = testClock('2026-02-01T12:00:00Z')
  answer = async () => Response.json({ keys: [good] })
  fetched = jest.spyOn(globalThis, 'fetch').mockImplementation(() => answer())
})
afterEach(() => fetched.mockRestore())

/** What became of a search for this key: `waits` where it is not over. */
async function found({ find }: SigningKeys, kid: string): Promise<string> {
  const search = Promise.resolve(find({ alg: 'RS256', kid }, { payload: '', signature: '' })).then(
    () => 'found',
    (error: Error) => (error instanceof KeysUnavailable ? 'unavailable' : 'no such key'),
  )
  const soon = new Promise<string>((resolve) => setTimeout(resolve, 20, 'waits'))
  return Promise.race([search, soon])
}
/** Long enough for an answer to be read. */
const settle = () => new Promise((done) => setTimeout(done, 20))

/** An Entra that answers nothing until it is told to. */
function hang() {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const keys = async () => Response.json({ keys: [good] })
  answer = () => promise.then(keys)
  return { giveUp: () => reject(new DOMException('', 'TimeoutError')), recover: resolve }
}

test('once a try has failed, nobody waits for a key that is not known: it is asked for in the background', async () => {
  const keys = signingKeys(URL_OF_KEYS, clock)
  const first = hang()
  expect(await found(keys, 'made-up')).toBe('waits')
  first.giveUp()
  await settle()
  clock.advance(5_000)
  const second = hang()
  expect([await found(keys, 'made-up'), await found(keys, 'k1')]).toEqual(['unavailable', 'unavailable'])
  expect(fetched).toHaveBeenCalledTimes(2)
  second.recover()
  await settle()
  expect([await found(keys, 'made-up'), await found(keys, 'k1')]).toEqual(['no such key', 'found'])
})

test('the pause after a failed try is counted from its end', async () => {
  const keys = signingKeys(URL_OF_KEYS, clock)
  const { giveUp } = hang()
  void found(keys, 'made-up')
  clock.advance(5_000)
  giveUp()
  await settle()
  clock.advance(4_999)
  expect(await found(keys, 'made-up')).toBe('unavailable')
  expect(fetched).toHaveBeenCalledTimes(1)
  clock.advance(1)
  await found(keys, 'made-up')
  expect(fetched).toHaveBeenCalledTimes(2)
})

test('at most a hundred wait for keys that somebody may have made up, and whose key is known waits for nothing', async () => {
  const keys = signingKeys(URL_OF_KEYS, clock)
  expect(await found(keys, 'k1')).toBe('found')
  clock.advance(30_000)
  const { recover } = hang()
  const flood = await Promise.all(Array.from({ length: 300 }, (_, at) => found(keys, `made-up-${at}`)))
  expect(flood.filter((what) => what === 'waits')).toHaveLength(100)
  expect(flood.filter((what) => what === 'unavailable')).toHaveLength(200)
  expect([await found(keys, 'k1'), keys.has('k1')]).toEqual(['found', true])
  recover()
  await settle()
  clock.advance(30_000)
  expect(await found(keys, 'made-up')).toBe('no such key')
})

test.each<[string, object]>([
  ['no key', { keys: [] }],
  ['keys without a name', { keys: [{ kty: 'RSA', n: 'AQAB', e: 'AQAB' }] }],
  ['no list', { keys: 'none' }],
])('an answer with %s is a failed try: what is known stays', async (_what, body) => {
  const keys = signingKeys(URL_OF_KEYS, clock)
  expect(await found(keys, 'k1')).toBe('found')
  answer = async () => Response.json(body)
  clock.advance(60 * MINUTE)
  expect(await found(keys, 'k1')).toBe('found')
  expect(keys.has('k1')).toBe(true)
  expect(await found(keys, 'made-up')).toBe('unavailable')
  answer = async () => Response.json({ keys: [good] })
  clock.advance(5_000)
  await found(keys, 'made-up')
  await settle()
  expect(await found(keys, 'made-up')).toBe('no such key')
})

test('a wall clock that is set back does not make keys live longer', async () => {
  let wallMs = 0
  const now = () => new Date(clock.now().getTime() + wallMs)
  const keys = signingKeys(URL_OF_KEYS, { ...clock, now })
  expect(await found(keys, 'k1')).toBe('found')
  wallMs = -60 * MINUTE
  clock.advance(60 * MINUTE - 1)
  expect(keys.has('k1')).toBe(true)
  clock.advance(1)
  hang()
  expect(keys.has('k1')).toBe(false)
})

test.each<[string, JWK]>([
  ['too short', { kty: 'RSA', kid: 'bad', n: 'AQAB', e: 'AQAB' }],
  ['no base64url', { kty: 'RSA', kid: 'bad', n: '!!!', e: '' }],
  ['a private one', { kty: 'RSA', kid: 'bad', n: 'AQAB', e: 'AQAB', d: 'AQAB' }],
])(
  'a published key that is %s is no outage: tokens that name it are refused, and others are verified',
  async (_what, bad) => {
    answer = async () => Response.json({ keys: [good, bad] })
    const { verify, trusts } = entraVerifier({ cloud: publicCloud, tenantId: 'tenant-1', audiences: ['api-1'], clock })
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const bearer = (kid: string) => `${part({ alg: 'RS256', kid })}.${part({})}.AAAA`
    expect(await verify(bearer('bad'))).toEqual({ kind: 'refused', code: 'token_invalid' })
    expect(await verify(bearer('k1'))).toEqual({ kind: 'refused', code: 'token_invalid' })
    expect(trusts('k1')).toBe(true)
  },
)
