// Request bodies: small, JSON, and exactly of the form that the route takes.

import type { HttpRequest } from '@azure/functions'
import type * as z from 'zod/mini'
import { shortText } from '../common/short-text.ts'
import { andThen, type Soon } from '../common/soon.ts'

const MAX_BYTES = 1_024

export type BodyAnswer<T> =
  | { readonly kind: 'body'; readonly value: T }
  | { readonly kind: 'refused'; readonly code: 'malformed_body' | 'body_too_large' }

/** An empty body is `undefined` to the schema. It is waited for only where there is one. */
export const readBody = <T>({ body }: HttpRequest, schema: z.ZodMiniType<T>): Soon<BodyAnswer<T>> =>
  andThen(body === null ? '' : shortText(body, MAX_BYTES), (text) => {
    if (text === undefined) return { kind: 'refused', code: 'body_too_large' }
    const parsed = schema.safeParse(text.trim() === '' ? undefined : parseJson(text))
    return parsed.success ? { kind: 'body', value: parsed.data } : { kind: 'refused', code: 'malformed_body' }
  })

/** `null` for what is no JSON: no schema of ours takes that. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
