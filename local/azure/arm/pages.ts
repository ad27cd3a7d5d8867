// Paging as ARM does it: the next link is an absolute address that carries the api-version (contract A2).

import { cloudOf } from '../clouds.ts'
import { readSkipToken, type SkipToken, writeSkipToken } from '../skip-token.ts'
import type { Call } from '../wire.ts'
import type { Account, World } from '../world.ts'
import { accountBody } from './account-body.ts'
import { badRequest } from './refusals.ts'

/**
 * Answers one page, in the order of the ids.
 *
 * @throws Refusal 400 for a `$skiptoken` that was not handed out here.
 */
export function pageOf(accounts: readonly Account[], call: Call, { seed, switches }: Pick<World, 'seed' | 'switches'>) {
  const { emptyPages, accountsPerPage } = switches
  const token = call.query.get('$skiptoken')
  const from = token === null ? undefined : readSkipToken(token)
  if (token !== null && !from) throw badRequest('The $skiptoken is invalid.')
  const after = from?.after ?? ''
  const rest = accounts
    .map((account) => ({ key: account.id.toLowerCase(), account }))
    .filter(({ key }) => key > after)
    .sort((a, b) => (a.key < b.key ? -1 : 1))
  const nextLink = (next: SkipToken) => {
    const query = new URLSearchParams({ 'api-version': call.query.get('api-version') ?? '' })
    return { nextLink: `https://${call.host}${call.path}?${query}&$skiptoken=${writeSkipToken(next)}` }
  }
  if (emptyPages && from?.mark !== 'empty') return { value: [], ...nextLink({ mark: 'empty', after }) }
  const page = rest.slice(0, accountsPerPage)
  const last = page.at(-1)
  const value = page.map(({ account }) => accountBody(cloudOf(seed), account))
  return last && rest.length > page.length ? { value, ...nextLink({ mark: 'full', after: last.key }) } : { value }
}
