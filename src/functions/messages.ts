// Queue messages, read strictly: what does not fit is refused by the name of its field. And what the host says of them.
// Event Grid is known to write base64, and to have written plain text. host.json has one `messageEncoding` for all
// queues, and with `base64` the host parks plain text unseen: so it says `none`, and both are read here.

import type { InvocationContext } from '@azure/functions'
import type * as z from 'zod/mini'
import { AppError } from '../common/errors.ts'

/**
 * @param fields of the message, the most likely culprit first: named where the problem lies with the whole.
 * @throws AppError `message_invalid` that names the field, never its value.
 */
export function parseMessage<T>(schema: z.ZodMiniType<T>, entry: unknown, fields: readonly string[]): T {
  const body = decodeEntry(entry)
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const present = typeof body === 'object' && body !== null ? fields.filter((field) => field in body) : []
  const path = parsed.error.issues[0]?.path.join('.')
  throw new AppError('message_invalid', `the message does not fit: ${path || (present[0] ?? fields[0])}`)
}

/** What a message says: JSON as it is, which the library has parsed, or as base64. Anything else is handed back. */
export function decodeEntry(entry: unknown): unknown {
  if (typeof entry !== 'string') return entry
  try {
    return JSON.parse(Buffer.from(entry, 'base64').toString())
  } catch {
    return entry
  }
}

/** When the message was put on the queue, by the queue's clock; `undefined` where the host does not say. */
export function insertedAt({ triggerMetadata }: InvocationContext): Date | undefined {
  const text = triggerMetadata?.insertionTime
  const at = typeof text === 'string' ? new Date(text) : undefined
  return at && !Number.isNaN(at.getTime()) ? at : undefined
}

/** How often the message was delivered, this time included; 1 where the host does not say. */
export function deliveriesOf({ triggerMetadata }: InvocationContext): number {
  const count = Number(triggerMetadata?.dequeueCount)
  return Number.isInteger(count) ? count : 1
}
