// What a parked message says, in words. One that is not ours is counted and never shown: it may hold anything.

import { z } from 'zod'
import { parseAccountId, parseAccountName } from '../src/common/account.ts'
import { parseRequestMessage } from '../src/functions/carry-out-request.ts'
import { parseCheckMessage } from '../src/functions/check-account.ts'
import { decodeEntry } from '../src/functions/messages.ts'

export const queueNames = ['checks', 'requests', 'near-expiry'] as const
export type QueueName = (typeof queueNames)[number]

const WORDS: Readonly<Record<QueueName, (entry: unknown) => string>> = {
  checks: checkInWords,
  requests: requestInWords,
  'near-expiry': eventsInWords,
}

/** @returns `undefined` for what the app would not take from this queue. @param text as it is on the queue. */
export function inWords(queue: QueueName, text: string): string | undefined {
  try {
    return WORDS[queue](parsed(text))
  } catch {
    return undefined
  }
}

/** As the library hands it to the app: JSON is parsed, and anything else, such as base64, is not. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

export const notOurs = (text: string): string => `not a Keystile message, ${Buffer.byteLength(text)} bytes`

function checkInWords(entry: unknown): string {
  const check = parseCheckMessage(entry)
  return 'secret' in check ? `check of ${check.secret}` : `check of ${accountInWords(check.account)}`
}

function requestInWords(entry: unknown): string {
  const { account, request, attempt, askedAt } = parseRequestMessage(entry)
  const what = request.kind === 'revoke' ? `revoke of ${many(request.kill.length, 'key')}` : 'rotation'
  const since = askedAt === undefined ? '' : `, asked for at ${askedAt}`
  return `${what} of ${accountInWords(account)}${since}, put back ${many(attempt, 'time')}`
}

const TYPE = z.literal('Microsoft.KeyVault.SecretNearExpiry')
/** The name of a secret. */
const subject = z
  .string()
  .trim()
  .refine((text) => parseAccountName(text) !== undefined)
const event = z.union([z.object({ eventType: TYPE, subject }), z.object({ type: TYPE, subject })])

function eventsInWords(entry: unknown): string {
  const events = z
    .array(event)
    .min(1)
    .parse([decodeEntry(entry)].flat())
  return `near-expiry event of ${events.map(({ subject }) => subject).join(', ')}`
}

function accountInWords(text: string): string {
  const { name, resourceGroup = '', subscription } = parseAccountId(text) ?? {}
  // Whoever may write to a queue might have the terminal of whoever reads it obey.
  return `${name} (${resourceGroup.replaceAll(/[^\x21-\x7e]/g, '?')}, ${subscription})`
}

export const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

/** `40 s`, `12 min`, `3 h`, `2 days`: how long ago something was. */
export function age(since: Date, now: Date): string {
  const minutes = (now.getTime() - since.getTime()) / 60_000
  if (minutes < 2) return `${Math.max(0, Math.round(minutes * 60))} s`
  if (minutes < 120) return `${Math.round(minutes)} min`
  return minutes < 2_880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1_440)} days`
}
