// Paging as ARM does it: the next link is an absolute address that carries the api-version (contract A2).

import type { Call } from '../wire.ts'
import type { Account, World } from '../world.ts'
import { accountBody } from './account-body.ts'
import { badRequest } from './refusals.ts'

const afterEmpty = 'e'
const afterFull = 'f'

/**
 * Answers one page, in the order of the ids.
 *
 * @throws Refusal 400 for a `$skiptoken` that was not handed out here.
 */
export function pageOf(accounts: readonly Account[], call: Call, { emptyPages, accountsPerPage }: World['switches']) {
  const { mark, after } = readToken(call.query.get('$skiptoken'))
  const rest = accounts
    .map((account) => ({ key: account.id.toLowerCase(), account }))
    .filter(({ key }) => key > after)
    .sort((a, b) => (a.key < b.key ? -1 : 1))
  const nextLink = (mark: string, key: string) => {
    const query = new URLSearchParams({ 'api-version': call.query.get('api-version') ?? '' })
    const token = Buffer.from(mark + key).toString('base64url')
    return { nextLink: `https://${call.host}${call.path}?${query}&$skiptoken=${token}` }
  }
  if (emptyPages && mark !== afterEmpty) return { value: [], ...nextLink(afterEmpty, after) }
  const page = rest.slice(0, accountsPerPage)
  const last = page.at(-1)
  const value = page.map(({ account }) => accountBody(account))
  return last && rest.length > page.length ? { value, ...nextLink(afterFull, last.key) } : { value }
}

function readToken(token: string | null): { mark: string; after: string } {
  if (token === null) return { mark: '', after: '' }
  const text = Buffer.from(token, 'base64url').toString()
  const mark = text.slice(0, 1)
  if (mark !== afterEmpty && mark !== afterFull) throw badRequest('The $skiptoken is invalid.')
  return { mark, after: text.slice(1) }
}
