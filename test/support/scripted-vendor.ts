// A vendor on loopback that answers what a test tells it to, and a clock that moves when the test says so.

import { createServer, type IncomingHttpHeaders } from 'node:http'
import { inspect } from 'node:util'
import {
  type ClientClock,
  createTokenSource,
  type TokenCredentialLike,
  TokenRequestError,
  type TokenSource,
  type TokenSourceOptions,
} from '../../src/client/index.ts'

export interface Step {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Text is sent as it is, anything else as JSON. */
  readonly body?: unknown
  /** `reset`: no answer; `hang`: none until the end of the test; `cut`: half of the body; `hold`: once `release` is called. */
  readonly act?: 'reset' | 'hang' | 'cut' | 'hold'
}

/** Times of the server are five years ahead of every clock of these tests: nobody may compare the two. */
export const vended = (token: string, changes: Record<string, unknown> = {}) => ({
  access_token: token,
  token_type: 'Bearer',
  expires_in: 540,
  expires_at: '2031-02-01T12:09:00.000Z',
  refresh_after: '2031-02-01T12:07:00.000Z',
  account: 'speech-west',
  region: 'westus2',
  endpoint: 'https://speech-west.cognitiveservices.azure.com/',
  ...changes,
})

export interface ScriptedVendor {
  readonly url: string
  readonly requests: { readonly method: string; readonly path: string; readonly headers: IncomingHttpHeaders }[]
  /** What the next requests are answered; after these, `token-1`, `token-2`, … */
  readonly script: Step[]
  /** Answers what is held. */
  release(): void
  close(): Promise<void>
}

export async function startScriptedVendor(): Promise<ScriptedVendor> {
  const requests: ScriptedVendor['requests'] = []
  const script: Step[] = []
  const held: (() => void)[] = []
  const server = createServer((request, response) => {
    requests.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers })
    const { status = 200, headers = {}, body = vended(`token-${requests.length}`), act } = script.shift() ?? {}
    if (act === 'hang') return
    if (act === 'reset') return void response.destroy()
    const text = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
    const answer = () => {
      response.writeHead(status, { 'content-length': text.length, ...headers })
      if (act !== 'cut') return void response.end(text)
      response.write(text.subarray(0, text.length / 2), () => response.destroy())
    }
    if (act === 'hold') held.push(answer)
    else answer()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('not listening')
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    script,
    release: () => {
      for (const answer of held.splice(0)) answer()
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export interface HandClock extends ClientClock {
  /** Both clocks. */
  pass(seconds: number): void
  /** Only the wall clock: the machine slept, or somebody set it. */
  setWall(seconds: number): void
  /** Every sleep, in milliseconds; each was over at once. */
  readonly slept: number[]
}

export function handClock(): HandClock {
  let monotonic = 1_000
  let wall = Date.parse('2026-02-01T12:00:00Z')
  const slept: number[] = []
  return {
    monotonic: () => monotonic,
    wall: () => wall,
    sleep: async (milliseconds) => {
      slept.push(milliseconds)
      monotonic += milliseconds
      wall += milliseconds
    },
    pass: (seconds) => {
      monotonic += seconds * 1_000
      wall += seconds * 1_000
    },
    setWall: (seconds) => {
      wall += seconds * 1_000
    },
    slept,
  }
}

/** Gives these bearers one after the other, the last for ever, and counts. */
export function countingCredential(...bearers: string[]): TokenCredentialLike & { readonly asked: unknown[] } {
  const asked: unknown[] = []
  return {
    asked,
    getToken: async (scopes) => {
      asked.push(scopes)
      const token = bearers[Math.min(asked.length, bearers.length) - 1]
      return token === undefined ? null : { token, expiresOnTimestamp: 0 }
    },
  }
}

/** Looks until it is so, every 5 ms. @throws Error after 5 s with what was waited for. */
export async function until(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 5_000
  while (!(await look())) {
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export interface ClientScene {
  /** Made anew for each test, as is the clock. */
  readonly vendor: ScriptedVendor
  readonly clock: HandClock
  source(options?: Partial<TokenSourceOptions>): TokenSource
  /** The refusal of a new source's first token. @throws Error where it is not refused. */
  errorOf(options?: Partial<TokenSourceOptions>): Promise<TokenRequestError>
}

/** A vendor, a clock and sources of speech-west for each test of a file. @param defaults options of every source. */
export function clientScene(defaults: Partial<TokenSourceOptions> = {}): ClientScene {
  let vendor: ScriptedVendor
  let clock: HandClock
  beforeEach(async () => {
    vendor = await startScriptedVendor()
    clock = handClock()
  })
  afterEach(() => vendor.close())
  const source = (options: Partial<TokenSourceOptions> = {}) => {
    const credential = countingCredential('bearer-1')
    return createTokenSource({ url: vendor.url, account: 'speech-west', credential, clock, ...defaults, ...options })
  }
  return {
    get vendor() {
      return vendor
    },
    get clock() {
      return clock
    },
    source,
    async errorOf(options) {
      const error: unknown = await source(options)
        .getToken()
        .catch((thrown: unknown) => thrown)
      if (error instanceof TokenRequestError) return error
      throw new Error(`not refused: ${inspect(error)}`)
    },
  }
}
