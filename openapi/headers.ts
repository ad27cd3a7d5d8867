// Headers of answers, each once. Their values are constants or follow a form: a test holds answers to it.

import { z } from 'zod'
import { EXPOSED } from '../src/functions/exposed-headers.ts'

const seconds = z.int().min(0).max(3_600)

export const headers = {
  'Cache-Control': z
    .literal('no-store')
    .meta({ description: 'Answers are for this caller and this moment.', header: { id: 'Cache-Control-no-store' } }),
  'Access-Control-Expose-Headers': z.literal(EXPOSED['Access-Control-Expose-Headers']).meta({
    description: 'What a page of another origin may read, where CORS lets it in.',
    header: { id: 'Access-Control-Expose-Headers' },
  }),
  Allow: z.enum(['GET, HEAD', 'POST']).meta({ description: 'What this route takes.', header: { id: 'Allow' } }),
  Location: z
    .string()
    .regex(/^\/api\/accounts\/[0-9a-z-]{1,127}$/)
    .meta({ description: 'Where the outcome will be seen.', header: { id: 'Location' } }),
  'WWW-Authenticate': z
    .string()
    .regex(/^Bearer( error="invalid_token")?$/)
    .meta({ description: 'RFC 6750.', header: { id: 'WWW-Authenticate' } }),
  'Retry-After': seconds.meta({
    description: 'Seconds to wait before the request is sent again. Absent where waiting does not help.',
    header: { id: 'Retry-After' },
  }),
  RateLimit: z
    .string()
    .regex(/^"[\w-]+";r=\d+(;t=\d+)?$/)
    .meta({
      description:
        'What is left to this caller on this instance: `r` requests, and `t` seconds until it may come again, or until nothing is taken any more.',
      header: { id: 'RateLimit' },
    }),
  'RateLimit-Policy': z
    .string()
    .regex(/^"[\w-]+";q=\d+;w=\d+$/)
    .meta({ description: 'How many requests (`q`) in how many seconds (`w`).', header: { id: 'RateLimit-Policy' } }),
} as const

export type HeaderName = keyof typeof headers

/** What every answer has that is for one caller. */
export const SHARED: readonly HeaderName[] = ['Access-Control-Expose-Headers', 'Cache-Control']

/** What every admitted caller is told with every answer. */
export const QUOTA: readonly HeaderName[] = ['RateLimit', 'RateLimit-Policy']

/** Kept for an hour by whoever asks: the document changes with a deployment. */
export const publicHeaders = z.object({
  'Access-Control-Expose-Headers': headers['Access-Control-Expose-Headers'],
  'Cache-Control': z
    .literal('public, max-age=3600')
    .meta({ description: 'The document changes with a deployment.', header: { id: 'Cache-Control-public' } }),
  ETag: z
    .string()
    .regex(/^"[\w-]{43}"$/)
    .meta({ description: 'For `If-None-Match`, once the hour is over.', header: { id: 'ETag' } }),
})

/** @param sometimes of `names`: what an answer may lack. */
export const headersOf = (names: readonly HeaderName[], sometimes: readonly HeaderName[] = []) =>
  z.object(
    Object.fromEntries(
      names.map((name) => [name, sometimes.includes(name) ? headers[name].exactOptional() : headers[name]]),
    ),
  )
