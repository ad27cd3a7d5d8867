// Queue messages, read strictly: what does not fit is refused by the name of its field. And what the host says of them.

import type { InvocationContext } from '@azure/functions'
import type { z } from 'zod'
import { AppError } from '../common/errors.ts'

/**
 * @param fields of the message, the most likely culprit first: named where the problem lies with the whole.
 * @throws AppError `message_invalid` that names the field, never its value.
 */
export function parseMessage<T>(schema: z.ZodType<T>, entry: unknown, fields: readonly string[]): T {
  const parsed = schema.safeParse(entry)
  if (parsed.success) return parsed.data
  const present = typeof entry === 'object' && entry !== null ? fields.filter((field) => field in entry) : []
  const path = parsed.error.issues[0]?.path.join('.')
  throw new AppError('message_invalid', `the message does not fit: ${path || (present[0] ?? fields[0])}`)
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
