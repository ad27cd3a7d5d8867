// Paging as Key Vault does it: small pages, and now and then an empty one that is not the last (contract B4).

import { readSkipToken, type SkipToken, writeSkipToken } from '../skip-token.ts'
import type { Call } from '../wire.ts'
import { badParameter } from './answers.ts'

/** One line of a list, and what it is sorted by. */
export interface Line {
  readonly key: string
  readonly body: unknown
}

const largestPage = 25

/**
 * Answers one page.
 *
 * @param url Absolute address of the list, with port and without query: clients call the next link as it stands.
 * @param emptyPages Puts an empty page before each page with content.
 * @throws Refusal 400 for a `maxresults` outside 1 to 25 or a token that was not handed out here.
 */
export function pageOf(lines: readonly Line[], call: Call, url: string, emptyPages: boolean) {
  const size = sizeOf(call)
  const from = readToken(call)
  const after = from?.after ?? ''
  const rest = lines.filter((line) => line.key > after).sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  const next = (token: SkipToken) => {
    const version = encodeURIComponent(call.query.get('api-version') ?? '')
    return `${url}?api-version=${version}&$skiptoken=${writeSkipToken(token)}&maxresults=${size}`
  }
  if (emptyPages && from?.mark !== 'empty') return { value: [], nextLink: next({ mark: 'empty', after }) }
  const shown = rest.slice(0, size)
  const last = shown.at(-1)
  const nextLink = last && rest.length > size ? next({ mark: 'full', after: last.key }) : null
  return { value: shown.map((line) => line.body), nextLink }
}

function sizeOf(call: Call): number {
  const asked = call.query.get('maxresults')
  if (asked === null) return largestPage
  const size = /^\d{1,2}$/.test(asked) ? Number(asked) : 0
  if (size < 1 || size > largestPage) throw badParameter('maxresults must be from 1 to 25')
  return size
}

function readToken(call: Call): SkipToken | undefined {
  const token = call.query.get('$skiptoken')
  if (token === null) return undefined
  const read = readSkipToken(token)
  if (!read) throw badParameter('The continuation token is invalid.')
  return read
}
