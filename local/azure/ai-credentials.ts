// Judges the keys and STS tokens that callers show to the AI services. Each service words its own refusal.

import { findKey, fingerprint, isCurrent, worksBy } from './keys.ts'
import { bearerOf, type Call } from './wire.ts'
import type { Account, IssuedToken, World } from './world.ts'

export type Details = Record<string, string | number | boolean>

/** What became of a credential. `details` are for the journal: whose it was and why it was refused, never the thing itself. */
export type Judgement =
  | Accepted
  | { readonly kind: 'refused'; readonly why: Why; readonly account?: Account; readonly details: Details }

export interface Accepted {
  readonly kind: 'accepted'
  readonly by: 'key' | 'token'
  readonly account: Account
  /** The key that was shown, or that the token was issued for. */
  readonly key?: NonNullable<IssuedToken['key']>
  readonly details: Details
}

export type Why = 'missing' | 'unknown' | 'misplaced' | 'local-auth-off' | 'not-yet' | 'expired' | 'dead-key'

/** The key of a call: the header, or the query parameter that the Translator pages allow as well (contract C2). */
export function keyOf({ headers, query }: Pick<Call, 'headers' | 'query'>): string | undefined {
  const header = headers['ocp-apim-subscription-key']
  if (typeof header === 'string' && header !== '') return header
  for (const [name, value] of query) if (name.toLowerCase() === 'subscription-key' && value !== '') return value
  return undefined
}

const refused = (why: Why, details: Details, account?: Account): Judgement => ({
  kind: 'refused',
  why,
  ...(account ? { account } : {}),
  details: { ...details, why },
})

const accepted = (by: Accepted['by'], account: Account, key: Accepted['key'], details: Details): Judgement => ({
  kind: 'accepted',
  by,
  account,
  ...(key ? { key } : {}),
  details,
})

/** @param fits Whether the account may be used at this place of this service. */
export function judgeKey(world: World, value: string, fits: (account: Account) => boolean): Judgement {
  const found = findKey(world, value)
  if (!found) return refused('unknown', { by: 'key' })
  const { account } = found
  const key = { slot: found.slot, fingerprint: fingerprint(value) }
  const details = { account: account.name, by: 'key', ...key }
  if (!fits(account)) return refused('misplaced', details, account)
  if (account.disableLocalAuth) return refused('local-auth-off', details, account)
  if (!worksBy(found.key, world.now())) return refused('not-yet', details, account)
  return accepted('key', account, key, details)
}

/** Judges a token by what was noted when it was issued; a token that was not issued here is unknown. */
export function judgeToken(world: World, token: string, fits: (account: Account) => boolean): Judgement {
  const issued = world.stsTokens.get(fingerprint(token))
  const account = issued && world.accounts.get(issued.accountId)
  if (!account) return refused('unknown', { by: 'token' })
  const { key, expires } = issued
  const details = { account: account.name, by: 'token', ...key }
  if (!fits(account)) return refused('misplaced', details, account)
  if (expires * 1000 <= world.now()) return refused('expired', details, account)
  if (diesWithKey(world, account) && key && !isCurrent(account, key.fingerprint))
    return refused('dead-key', details, account)
  return accepted('token', account, key, details)
}

function diesWithKey({ switches: { tokensDieWithKey } }: World, { name }: Account): boolean {
  return typeof tokensDieWithKey === 'boolean' ? tokensDieWithKey : tokensDieWithKey.includes(name)
}

/** Judges whatever the call shows: a key wins over a token. */
export function judgeCall(world: World, call: Call, fits: (account: Account) => boolean): Judgement {
  const key = keyOf(call)
  if (key !== undefined) return judgeKey(world, key, fits)
  const token = bearerOf(call.headers)
  if (token !== undefined) return judgeToken(world, token, fits)
  return refused('missing', {})
}
