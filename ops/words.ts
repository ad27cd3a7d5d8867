// What a parked message says, in words. One that is not ours is counted and never shown: it may hold anything.

import { parseAccountId } from '../src/common/account.ts'
import { parseRequestMessage } from '../src/functions/carry-out-request.ts'
import { parseCheckMessage } from '../src/functions/check-account.ts'

export const queueNames = ['checks', 'requests'] as const
export type QueueName = (typeof queueNames)[number]

/** @returns `undefined` for what the app would not take from this queue. @param text as it is on the queue. */
export function inWords(queue: QueueName, text: string): string | undefined {
  try {
    const entry: unknown = JSON.parse(Buffer.from(text, 'base64').toString())
    return queue === 'checks' ? checkInWords(entry) : requestInWords(entry)
  } catch {
    return undefined
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
