// What of an app's log is worth a line to somebody who watches: keys that were published or withheld, and failures.

import { z } from 'zod'

const checked = z.object({
  account: z.string(),
  kind: z.enum(['published', 'withheld']),
  slot: z.string(),
  reason: z.string().optional(),
})

/** @returns a short form of the line, or `undefined` for a look at an account that is fine. */
export function readNews(line: string): string | undefined {
  const [, json] = /rotation\.checked (\{.*\})/.exec(line) ?? []
  if (json === undefined)
    return /rotation\.failed|discovery\.failed|misconfigured|\berror\b/i.test(line) ? line : undefined
  const parsed = checked.safeParse(JSON.parse(json))
  if (!parsed.success) return undefined
  const { account, kind, slot, reason } = parsed.data
  return `${account.split('/').at(-1)}: ${kind} ${slot}${reason === undefined ? '' : ` (${reason})`}`
}
