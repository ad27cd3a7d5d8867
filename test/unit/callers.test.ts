import { admit } from '../../src/callers/admit.ts'
import { authenticate } from '../../src/callers/authenticate.ts'
import { readCaller } from '../../src/callers/caller.ts'
import { mayIssue, mayRotate } from '../../src/callers/grants.ts'
import type { Claims, TokenVerifier } from '../../src/callers/ports.ts'
import { testClock } from '../support/rotation-world.ts'

const TENANT = 'tenant-1'
const asked = (verify: TokenVerifier['verify']) =>
  authenticate({ verifier: { verify, trusts: () => true }, tenantId: TENANT, clock: testClock('2026-02-01T12:00:00Z') })
const app: Claims = { ver: '2.0', tid: TENANT, azp: 'app-1', oid: 'sp-1', sub: 'sp-1', roles: ['Token.Issue'] }
const user: Claims = { ...app, oid: 'user-1', sub: 'pairwise', scp: 'openid access_as_user' }

test.each<[string, Claims, string[] | string]>([
  ['an application (v2)', app, ['Token.Issue']],
  ['an application (v1)', { ...app, ver: '1.0', azp: undefined, appid: 'app-1' }, ['Token.Issue']],
  ['a user with scope and role', user, ['Token.Issue']],
  ['a user without the scope has no role', { ...user, scp: 'openid' }, []],
  ['a user with a scope that only looks like it', { ...user, scp: 'access_as_user_2' }, []],
  ['a user with the scope and no role', { ...user, roles: undefined }, []],
  ['roles that are no list', { ...app, roles: 'Token.Issue' }, []],
  ['roles that are no text', { ...app, roles: [1, 'Token.Issue'] }, ['Token.Issue']],
  ['another tenant', { ...app, tid: 'tenant-2' }, 'token_wrong_tenant'],
  ['no tenant', { ...app, tid: undefined }, 'token_wrong_tenant'],
  ['an ID token: it names no client application', { ...app, azp: undefined }, 'token_invalid'],
  ['an ID token with a nonce', { ...app, nonce: 'x' }, 'token_invalid'],
  ['an ID token with at_hash', { ...app, at_hash: 'x' }, 'token_invalid'],
  ['an ID token with c_hash', { ...app, c_hash: 'x' }, 'token_invalid'],
  ['a subject that is not the application, without a scope', { ...app, sub: 'somebody' }, 'token_invalid'],
  ['no object id', { ...app, oid: undefined }, 'token_invalid'],
  ['a user without an object id', { ...user, oid: undefined }, 'token_invalid'],
  ['a user with a scope that is no text', { ...user, scp: 1 }, []],
  ['v2 claims in a token that says v1', { ...app, ver: '1.0' }, 'token_invalid'],
])('%s', (_what, claims, expected) => {
  const answer = readCaller(claims, TENANT)
  expect(answer.kind === 'caller' ? answer.caller.roles : answer.code).toEqual(expected)
})

const caller = (...roles: string[]) => ({ objectId: 'o', appId: 'a', roles })

test.each([
  ['Token.Issue', 'speech-west', true],
  ['Token.Issue', undefined, true],
  ['Token.Issue.speech-west', 'speech-west', true],
  ['Token.Issue.Speech-West', 'speech-west', true],
  ['Token.Issue.speech-west', 'speech-east', false],
  ['Token.Issue.speech', 'speech-west', false],
  ['Token.Issue.speech-west-2', 'speech-west', false],
  ['Token.Issue.speech-west', undefined, false],
  ['token.issue', 'speech-west', false],
  ['Rotation.Manage', 'speech-west', false],
])('the role %s grants a token of %s: %s', (role, account, granted) =>
  expect(mayIssue(caller(role), account)).toBe(granted),
)

test('a caller of two accounts may have either, and no third; a text that is no name is nobody’s', () => {
  const two = caller('Token.Issue.speech-west', 'Token.Issue.multi-east')
  expect([mayIssue(two, 'speech-west'), mayIssue(two, 'multi-east'), mayIssue(two, 'elsewhere')]).toEqual([
    true,
    true,
    false,
  ])
  expect(mayIssue(caller('Token.Issue.undefined'), undefined)).toBe(false)
})

test('no role of one kind grants the other', () => {
  expect(mayRotate(caller('Token.Issue', 'Rotation.Manage'), 'Rotation.Read')).toBe(false)
  expect(mayRotate(caller('Rotation.Read'), 'Rotation.Read')).toBe(true)
  expect(mayIssue(caller('Rotation.Read', 'Rotation.Manage', 'Rotation.Revoke'), undefined)).toBe(false)
})

test.each([
  [null, 'token_missing'],
  ['', 'token_missing'],
  ['Basic dXNlcjpwYXNz', 'token_missing'],
  ['Negotiate YII=', 'token_missing'],
  ['Bearers a.b.c', 'token_missing'],
  ['a.b.c', 'token_missing'],
  ['NotBearer a.b.c', 'token_missing'],
  ['Bearer', 'token_invalid'],
  ['bearer ', 'token_invalid'],
  ['Bearer abc', 'token_invalid'],
  ['Bearer a.b.c, Bearer a.b.c', 'token_invalid'],
  ['Bearer a.b.c d', 'token_invalid'],
  [`Bearer a.b.${'c'.repeat(16_374)}`, 'token_invalid'],
])('the header %.30s is refused before anything is verified', (header, code) => {
  const verify = () => Promise.reject(new Error('it was verified'))
  expect(asked(verify)(header)).toEqual({ kind: 'refused', code })
})

test.each([
  ['with parts of any length', 'head.payload.signature'],
  ['that makes a header of 16 KiB', `a.b.${'c'.repeat(16_373)}`],
])('a bearer %s is verified', async (_what, bearer) => {
  const seen: string[] = []
  const verify = async (token: string) => {
    seen.push(token)
    return { kind: 'refused', code: 'token_expired' } as const
  }
  expect(await asked(verify)(`Bearer ${bearer}`)).toEqual({ kind: 'refused', code: 'token_expired' })
  expect(seen).toEqual([bearer])
})

test('what the verifier refuses stays refused', async () => {
  const verify = async () => ({ kind: 'refused', code: 'token_expired' }) as const
  expect(await asked(verify)('Bearer a.b.c')).toEqual({ kind: 'refused', code: 'token_expired' })
})

test('ids are compared in lower case', () => {
  const shouted = readCaller({ ...app, azp: 'APP-1', oid: 'SP-1', sub: 'SP-1' }, TENANT)
  expect(shouted).toMatchObject({ caller: { objectId: 'sp-1', appId: 'app-1' } })
})

describe('admission', () => {
  const rate = { perMinute: 60, burst: 2 }
  const known = { objectId: 'sp-1', appId: 'app-1', roles: ['Token.Issue'] }

  test.each(['sp-1', 'app-1'])('%s is on the list: denied, whatever its roles', (id) => {
    expect(admit({ denied: new Set([id]), rate })(known)).toEqual({ kind: 'denied' })
  })

  test('a caller who is denied is told so, however often it asks', () => {
    const ask = admit({ denied: new Set(['sp-1']), rate })
    expect(Array.from({ length: 5 }, () => ask(known).kind)).toEqual(Array(5).fill('denied'))
  })

  test('who is not on the list is admitted as long as its quota lasts', () => {
    const ask = admit({ denied: new Set(['sp-2', 'app-2']), rate })
    expect([ask(known), ask(known), ask(known)].map(({ kind }) => kind)).toEqual(['admitted', 'admitted', 'limited'])
  })
})
