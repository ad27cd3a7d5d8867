// Everything that a browser sent and got, to be searched.

import type { BrowserContext, Request } from 'playwright-core'

export interface Exchange {
  readonly method: string
  readonly url: string
  readonly status: number
  /** Headers and bodies of both directions, as one text. */
  readonly text: string
}

export interface Traffic {
  /** What has ended so far. */
  exchanges(): Promise<readonly Exchange[]>
}

export function watchTraffic(context: BrowserContext): Traffic {
  const seen: Promise<Exchange>[] = []
  const note = (request: Request) => void seen.push(exchangeOf(request))
  context.on('requestfinished', note)
  context.on('requestfailed', note)
  return { exchanges: () => Promise.all(seen) }
}

async function exchangeOf(request: Request): Promise<Exchange> {
  const answer = await request.response()
  const parts = [
    request.url(),
    JSON.stringify(await request.allHeaders()),
    request.postData() ?? '',
    JSON.stringify((await answer?.allHeaders()) ?? {}),
    // A preflight, for one, has no body that could be read.
    (await answer?.text().catch(() => '')) ?? '',
  ]
  return { method: request.method(), url: request.url(), status: answer?.status() ?? 0, text: parts.join('\n') }
}
