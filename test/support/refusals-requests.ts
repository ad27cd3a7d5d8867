// Callers who are known, and what they may not have. Each of these leaves one record, and nothing is asked upstream.

import { app, claiming, group, type Row, type Sent, user } from './refusals.ts'
import { limits } from './refusals-limits.ts'

const one = app({ caller: 'app-speech' })
const nobody = app({ caller: 'nobody' })
const operator = app({ caller: 'operator' })
const person = (scopes: string[], roles: string[]): Sent => ({ token: user({ scopes, roles }) })
const at = (name: string): Sent => ({ path: `/${name}/token` })

const roles = group(403, 'not_granted', {
  'no role': { token: nobody },
  'no role, under a scheme in lower case': { token: nobody, written: (token) => `bearer ${token}` },
  'no role, and two blanks': { token: nobody, written: (token) => `Bearer  ${token}` },
  'no role, and a forged principal': { token: nobody, headers: { 'x-ms-client-principal': 'e30=' } },
  'an empty list of roles': claiming({ roles: [] }),
  'a role that is no list': claiming({ roles: 'Token.Issue' }),
  'a role in a list in a list': claiming({ roles: [['Token.Issue']] }),
  'a role in other letters': claiming({ roles: ['token.issue'] }),
  'a role with a dot and no account': claiming({ roles: ['Token.Issue.'] }),
  'a role with an asterisk': claiming({ roles: ['Token.Issue.*'] }),
  'a role among the directory’s': claiming({ roles: null, wids: ['Token.Issue'] }),
  'a role among the groups': claiming({ roles: null, groups: ['Token.Issue'] }),
  'roles of the rotation': { token: operator },
  'a user with the role and another scope': person(['openid'], ['Token.Issue']),
  'a user with the role and a scope that begins alike': person(['access_as_user_2'], ['Token.Issue']),
  'a user with the scope and no role': person(['access_as_user'], []),
  'a user with the role of another account': person(['access_as_user'], ['Token.Issue.multi-east']),
})

/** Names of accounts outside of the grant of one, as they go on the wire. */
export const outside: Readonly<Record<string, string>> = {
  'another account': 'multi-east',
  'another account, of all regions': 'translator-global',
  'an account without tokens': 'vision-west',
  'an account on hold': 'speech-held',
  'an account that takes no part': 'untagged',
  'an account that does not exist': 'nowhere',
  'another account in capitals': 'MULTI-EAST',
  'a name that begins alike': 'speech-wes',
  'a name that goes on': 'speech-west-2',
  'a name with an underscore': 'speech_west',
  'a name with a dot': 'speech.west',
  'a name with a slash': 'speech-west%2Fx',
  'a name with a slash at the end': 'speech-west%2f',
  'a name with a blank': 'speech-west%20',
  'a name with a zero': 'speech-west%00',
  'a name with an accent': 'spe%C3%A9ch-west',
  'a name in letters that only look alike': '%D1%95peech-west',
  'a name that is no text': '%FF%FE',
  'an asterisk': '*',
  'a long name': 'a'.repeat(128),
}

const names = group(
  403,
  'not_granted',
  Object.fromEntries(Object.entries(outside).map(([what, name]) => [what, at(name)])),
  {
    token: one,
  },
)

const unknown = group(
  404,
  'unknown_account',
  {
    'no name: an underscore': at('speech_west'),
    'no name: a dot': at('speech.west'),
    'no name: a slash': at('speech-west%2F'),
    'no name: an accent': at('spe%C3%A9ch-west'),
    'no name: 128 letters': at('a'.repeat(128)),
  },
  { token: app() },
)

const bodies = [
  ...group(
    400,
    'malformed_body',
    {
      'a body that is no JSON': { body: 'x' },
      'a body that asks for something': { body: '{"lifetime":3600}' },
      'a list': { body: '[]' },
      'a body, for a name in capitals': { body: 'x', path: '/SPEECH-WEST/token' },
    },
    { token: app() },
  ),
  ...group(413, 'body_too_large', { 'a long body': { token: app(), body: `"${'x'.repeat(100_000)}"` } }),
  ...group(403, 'not_granted', { 'a long body without a grant': { token: nobody, body: 'x'.repeat(100_000) } }),
]

/** Nobody looks at who asks. */
export const methods: readonly Row[] = [
  ...group(405, 'method_not_allowed', {
    'GET of a token': { method: 'GET', token: app() },
    'PUT of a token': { method: 'PUT', token: app() },
    'DELETE of a token, by nobody': { method: 'DELETE' },
    'POST of the fleet': { to: 'rotator', method: 'POST', path: '', token: operator },
    'GET of a rotation': { to: 'rotator', method: 'GET', path: '/speech-west/rotate', token: operator },
  }),
]

const rotator = [
  ...group(
    403,
    'not_granted',
    {
      'the fleet, for who may have tokens': { method: 'GET', path: '', token: app() },
      'an account, for who may have tokens': { method: 'GET', path: '/speech-west', token: app() },
      'an account that does not exist, for who may have tokens': { method: 'GET', path: '/nowhere', token: app() },
      'a rotation, for who may look': { path: '/speech-west/rotate', ...claiming({ roles: ['Rotation.Read'] }) },
      'a revoke, for who may rotate': { path: '/speech-west/revoke', ...claiming({ roles: ['Rotation.Manage'] }) },
    },
    { to: 'rotator' },
  ),
  ...group(
    404,
    'unknown_account',
    { 'the status of no name': { method: 'GET', path: '/a_b' } },
    { to: 'rotator', token: operator },
  ),
  ...group(
    400,
    'malformed_body',
    { 'a revoke of nothing': { path: '/speech-west/revoke' } },
    { to: 'rotator', token: operator },
  ),
]

export const known: readonly Row[] = [...roles, ...names, ...unknown, ...bodies, ...rotator, ...limits]
