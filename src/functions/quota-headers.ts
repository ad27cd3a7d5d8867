// What a caller has left, as the header fields of draft-ietf-httpapi-ratelimit-headers say it.

import type { Quota } from '../callers/rate-limit.ts'

/** `t` is the same moment as Retry-After where there is one, as the draft asks; else when the bucket is full again. */
export const quotaHeaders = (quota: Quota): Readonly<Record<string, string>> => ({
  'RateLimit-Policy': `"caller";q=${quota.burst};w=${quota.windowSeconds}`,
  RateLimit: `"caller";r=${quota.remaining};t=${quota.resetSeconds}`,
  ...(quota.taken ? {} : { 'Retry-After': `${quota.resetSeconds}` }),
})
