// Paging as Key Vault does it: small pages, and now and then an empty one that is not the last (contract B4).

import type { Call } from '../wire.ts'
import { badParameter } from './answers.ts'

/** One line of a list, and what it is sorted by. */
export interface Line {
  readonly key: string
  readonly body: unknown
}

const largestPage = 25
const afterEmpty = 'e'
const afterFull = 'f'

/**
 * Answers one page.
 *
 * @param url Absolute address of the list, with port and without query: clients call the next link as it stands.
 * @param emptyPages Puts an empty page before each page with content.
 * @throws Refusal 400 for a `maxresults` outside 1 to 25 or a token that was not handed out here.
 */
export function pageOf(lines: readonly Line[], call: Call, url: string, emptyPages: boolean) {
  const size = sizeOf(call)
  const { after, mark } = readToken(call)
  const rest = lines
    .filter((line) => after === undefined || line.key > after)
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  const next = (token: string) => {
    const version = encodeURIComponent(call.query.get('api-version') ?? '')
    return `${url}?api-version=${version}&$skiptoken=${token}&maxresults=${size}`
  }
  if (emptyPages && mark !== afterEmpty) return { value: [], nextLink: next(makeToken(afterEmpty, after)) }
  const shown = rest.slice(0, size)
  const last = shown.at(-1)
  const nextLink = last && rest.length > size ? next(makeToken(afterFull, last.key)) : null
  return { value: shown.map((line) => line.body), nextLink }
}

function sizeOf(call: Call): number {
  const asked = call.query.get('maxresults')
  if (asked === null) return largestPage
  const size = /^\d{1,2}$/.test(asked) ? Number(asked) : 0
  if (size < 1 || size > largestPage) throw badParameter('maxresults must be from 1 to 25')
  return size
}

const makeToken = (mark: string, after: string | undefined): string =>
  Buffer.from(after === undefined ? mark : `${mark}:${after}`).toString('base64url')

function readToken(call: Call): { mark?: string; after?: string } {
  const token = call.query.get('$skiptoken')
  if (token === null) return {}
  const parts = /^([ef])(?::(.+))?$/.exec(Buffer.from(token, 'base64url').toString())
  const [, mark, after] = parts ?? []
  if (mark === undefined) throw badParameter('The continuation token is invalid.')
  return after === undefined ? { mark } : { mark, after }
}
