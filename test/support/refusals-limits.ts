// Callers whom a setting turns away, and callers who ask more than they may.

import { app, group, type Row, user } from './refusals.ts'

const nobody = app({ caller: 'nobody' })
const speech = app({ caller: 'app-speech' })
const operator = app({ caller: 'operator' })

/** Denied are `app-speech` by its object id, and whoever comes through `operator`, by its application id. */
const denied = group(
  403,
  'caller_denied',
  {
    'denied by the object id': { token: speech },
    'denied, for an account that does not exist': { token: speech, path: '/nowhere/token' },
    'denied, with a long body': { token: speech, body: 'x'.repeat(100_000) },
    'denied by the application id': { token: operator },
    'a user of an application that is denied': {
      token: user({ caller: 'operator', scopes: ['access_as_user'], roles: ['Token.Issue'] }),
    },
  },
  { to: 'strict' },
)

/** Each has one request, which the row before takes. */
const limited = [
  ...group(403, 'not_granted', { 'the only request of a caller without a role': { to: 'strict', token: nobody } }),
  ...group(429, 'rate_limited', {
    'one request too many': { to: 'strict', token: nobody },
    'one request too many, for an account that does not exist': { to: 'strict', token: nobody, path: '/nowhere/token' },
  }),
]

export const limits: readonly Row[] = [...denied, ...limited]
