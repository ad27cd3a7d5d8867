// What must hold of a vendor after each deployment: it runs, vends, and turns away who has no business there.

import { aadCodeOf, type Bearer, type Callers } from './smoke-callers.ts'

export interface Finding {
  readonly name: string
  readonly result: 'ok' | 'not ok' | 'skipped'
  /** One line. Nothing secret, and nothing that the other side said but its codes. */
  readonly says: string
}

export interface SmokeOptions {
  /** Of the vendor, without a slash at its end. */
  readonly url: string
  readonly account: string
  readonly callers: Callers
  /** What a vended token has left at the least. */
  readonly leastSeconds: number
}

const TIMEOUT_MS = 30_000

interface Answered {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  readonly headers: Headers
}

/** A check that does not hold, in words for whoever reads the line. */
class NotOk extends Error {}

/** One after the other, to the end, whatever does not hold. */
export async function* smokeChecks(options: SmokeOptions): AsyncGenerator<Finding> {
  const { callers } = options
  yield await finding('health', () => health(options))
  yield await finding('token', () => token(options))
  yield await finding('without a role', () => refused(options, () => callers.withoutRole(), 403, 'not_granted'))
  const another = () => callers.ofAnotherAudience()
  yield await finding('wrong audience', () => refused(options, another, 401, 'token_wrong_audience'))
  yield await finding('no token', () => refused(options, undefined, 401, 'token_missing'))
}

type Said = string | { readonly skipped: string }

async function finding(name: string, check: () => Promise<Said>): Promise<Finding> {
  try {
    const said = await check()
    return typeof said === 'string'
      ? { name, result: 'ok', says: said }
      : { name, result: 'skipped', says: said.skipped }
  } catch (error) {
    return { name, result: 'not ok', says: error instanceof NotOk ? error.message : 'something went wrong' }
  }
}

async function health({ url }: SmokeOptions): Promise<Said> {
  const answered = await ask(`${url}/api/health`, { method: 'GET' })
  if (answered.status !== 200 || answered.body.status !== 'ok') throw new NotOk(`answered ${inWords(answered)}`)
  return 'answered 200 ok'
}

async function token(options: SmokeOptions): Promise<Said> {
  const who = await bearerOf(options.callers.allowed)
  if (who?.kind !== 'bearer') throw new NotOk('Entra gives no token for the API')
  const answered = await askForToken(options, who.token)
  if (answered.status !== 200) throw new NotOk(`answered ${inWords(answered)}`)
  const { access_token: vended, expires_in: left, account, region } = answered.body
  if (typeof vended !== 'string' || vended === '' || account !== options.account || typeof left !== 'number')
    throw new NotOk('answered 200 with something else than a token of this account')
  if (answered.headers.get('cache-control') !== 'no-store') throw new NotOk('the answer may be cached')
  if (left < options.leastSeconds) throw new NotOk(`the token has ${left} s left, less than ${options.leastSeconds}`)
  return `has ${left} s left, region ${word(region)}`
}

/** @param caller absent: nobody. */
async function refused(
  options: SmokeOptions,
  caller: (() => Promise<Bearer>) | undefined,
  status: number,
  code: string,
): Promise<Said> {
  const who = await bearerOf(caller)
  if (who?.kind === 'skipped') return { skipped: who.why }
  if (who?.kind === 'stopped') return 'refused by Entra already'
  const answered = await askForToken(options, who?.token)
  if (answered.status !== status || answered.body.code !== code)
    throw new NotOk(`answered ${inWords(answered)}, not ${status} ${code}`)
  return `refused with ${status} ${code}`
}

/** Of a caller, if one is to ask. What the SDK says of a failure may hold anything: only Entra's number is told. */
async function bearerOf(caller: (() => Promise<Bearer>) | undefined): Promise<Bearer | undefined> {
  try {
    return await caller?.()
  } catch (error) {
    const why = aadCodeOf(error) ?? (error instanceof Error ? error.name : 'not an error')
    throw new NotOk(`no token could be had from Entra (${why}): \`az login\`, or AZURE_… of an application`)
  }
}

const askForToken = ({ url, account }: SmokeOptions, bearer: string | undefined): Promise<Answered> =>
  ask(`${url}/api/accounts/${account}/token`, {
    method: 'POST',
    headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` },
  })

async function ask(url: string, init: RequestInit): Promise<Answered> {
  try {
    // A bearer goes to the address that somebody typed, and to no other.
    const answer = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) })
    return { status: answer.status, body: parse(await answer.text()), headers: answer.headers }
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    const code: unknown = cause instanceof Error ? (Reflect.get(cause, 'code') ?? cause.name) : undefined
    throw new NotOk(`no answer (${word(code)})`)
  }
}

function parse(text: string): Answered['body'] {
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null ? { ...body } : {}
  } catch {
    return {}
  }
}

const inWords = ({ status, body }: Answered): string => `${status} ${word(body.code ?? body.status)}`

/** A code or a region, as it is; anything else might have a terminal obey. */
const word = (value: unknown): string => (typeof value === 'string' && /^\w{1,40}$/.test(value) ? value : '(no code)')
