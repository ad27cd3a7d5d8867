// What of an app's log is worth a line to somebody who watches: keys that were published or withheld, requests that
// are done, and failures.

import { z } from 'zod'

const checked = z.discriminatedUnion('kind', [
  z.object({
    account: z.string(),
    kind: z.enum(['published', 'withheld']),
    slot: z.string(),
    reason: z.string().optional(),
  }),
  z.object({
    account: z.string(),
    kind: z.literal('done'),
    request: z.enum(['rotate', 'revoke']),
    did: z.array(z.string()),
  }),
])

/** @returns a short form of the line, or `undefined` for a look at an account that is fine. */
export function readNews(line: string): string | undefined {
  const [, json] = /rotation\.checked (\{.*\})/.exec(line) ?? []
  if (json === undefined)
    return /rotation\.failed|discovery\.failed|misconfigured|\berror\b/i.test(line) ? line : undefined
  const parsed = checked.safeParse(JSON.parse(json))
  return parsed.success ? `${parsed.data.account.split('/').at(-1)}: ${inWords(parsed.data)}` : undefined
}

function inWords(news: z.output<typeof checked>): string {
  if (news.kind === 'done') return `${news.request} done${inBrackets(news.did.join(', '))}`
  return `${news.kind} ${news.slot}${inBrackets(news.reason ?? '')}`
}

const inBrackets = (text: string): string => (text === '' ? '' : ` (${text})`)
