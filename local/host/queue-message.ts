// A queue message as the library gets it: text decoded, metadata overlaid by the message's own properties.

import type { DequeuedMessageItem } from '@azure/storage-queue'
import type { TypedData } from './core-types.ts'

/**
 * @returns The text of a message, or `undefined` when it is not what the encoding says: such a message is poison.
 */
export function decodeMessage(messageText: string, encoding: 'base64' | 'none'): string | undefined {
  if (encoding === 'none') return messageText
  const text = messageText.replaceAll(/\s/g, '')
  const valid = text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)
  return valid ? Buffer.from(text, 'base64').toString('utf8') : undefined
}

/**
 * The binding data of the real host: facts about the message, then the top-level properties of a JSON object in it,
 * which replace facts of the same name, whatever its case. So a message's own `id` hides the queue's.
 */
export function toTriggerMetadata(message: DequeuedMessageItem, text: string): Record<string, TypedData> {
  const facts: Record<string, TypedData> = {
    QueueTrigger: { string: text },
    Id: { string: message.messageId },
    PopReceipt: { string: message.popReceipt },
    DequeueCount: { json: JSON.stringify(message.dequeueCount) },
    InsertionTime: { json: JSON.stringify(message.insertedOn) },
    ExpirationTime: { json: JSON.stringify(message.expiresOn) },
    NextVisibleTime: { json: JSON.stringify(message.nextVisibleOn) },
  }
  const own = ownProperties(text)
  const hidden = new Set(Object.keys(own).map((name) => name.toLowerCase()))
  const left = Object.entries(facts).filter(([name]) => !hidden.has(name.toLowerCase()))
  return { ...Object.fromEntries(left), ...own }
}

function ownProperties(text: string): Record<string, TypedData> {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return {}
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return {}
  const properties = Object.entries(body).map(([name, value]: [string, unknown]): [string, TypedData] => [
    name,
    typeof value === 'string' ? { string: value } : { json: JSON.stringify(value) },
  ])
  return Object.fromEntries(properties)
}
