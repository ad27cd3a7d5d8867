// Requests that are to be refused: how one is written down, and how it is sent, byte for byte.

import { once } from 'node:events'
import { type IncomingHttpHeaders, request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { MintRequest } from '../../local/azure/entra/mint-request.ts'
import { expectDocumented, headersFrom } from './openapi.ts'

/** The vendor; one that denies callers and gives each a single request; the rotator. */
export type Place = 'vendor' | 'strict' | 'rotator'

export interface Sent {
  readonly to?: Place
  /** Default: POST. */
  readonly method?: string
  /** As it goes on the wire, after `/api/accounts`. Default: `/speech-west/token`. */
  readonly path?: string
  /** What Entra signs. */
  readonly token?: MintRequest
  /** What becomes of that token in the header. Default: `Bearer {token}`. */
  readonly written?: (token: string) => string | readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Row extends Sent {
  readonly name: string
  readonly status: number
  readonly code: string
}

/** @param common what the rows of this group share. */
export const group = (status: number, code: string, rows: Readonly<Record<string, Sent>>, common: Sent = {}): Row[] =>
  Object.entries(rows).map(([name, sent]) => ({ name, status, code, ...common, ...sent }))

type App = Extract<MintRequest, { kind: 'app' }>
type User = Extract<MintRequest, { kind: 'user' }>

/** An application's token. Without `caller` it is that of the one that may have every account. */
export const app = (change: Partial<App> = {}): MintRequest => ({ kind: 'app', caller: 'app-all', ...change })
export const claiming = (claims: Readonly<Record<string, unknown>>): Sent => ({ token: app({ claims: { ...claims } }) })
export const titled = (header: Readonly<Record<string, unknown>>, sign?: 'other-key'): Sent => ({
  token: app({ header: { ...header }, ...(sign ? { sign } : {}) }),
})
export const user = (change: Partial<User> = {}): MintRequest => ({ kind: 'user', caller: 'app-all', ...change })
/** The token of a caller who may have all, in another wording. */
export const written = (how: NonNullable<Sent['written']>): Sent => ({ token: app(), written: how })
/** A header without any token of Entra's. */
export const header = (authorization: string): Sent => ({ headers: { authorization } })

export interface Answered {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Readonly<Record<string, unknown>>
}

/**
 * `fetch` would tidy up paths and headers first.
 *
 * @throws Error when the answer is not as documented. No row stops at the host, so none is spared.
 */
export async function send(url: string, sent: Sent, token: string | undefined): Promise<Answered> {
  const { to, method = 'POST', path = '/speech-west/token', headers = {}, body } = sent
  const { written = (it) => `Bearer ${it}` } = sent
  const asking = request(`${url}/api/accounts`, { method, path: `/api/accounts${path}`, agent: false })
  for (const [name, value] of Object.entries(headers)) asking.setHeader(name, value)
  if (token !== undefined) asking.setHeader('authorization', written(token))
  asking.end(body)
  const [answer] = await once(asking, 'response')
  const answered = await text(answer)
  expectDocumented({
    method,
    path: `/api/accounts${path.split('?', 1)[0]}`,
    status: answer.statusCode,
    headers: headersFrom(answer.headers),
    text: answered,
    role: to === 'rotator' ? 'rotator' : 'vendor',
  })
  return { status: answer.statusCode, headers: answer.headers, body: answered === '' ? {} : JSON.parse(answered) }
}
