// Queue messages, read strictly: what does not fit is refused by the name of its field.

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
