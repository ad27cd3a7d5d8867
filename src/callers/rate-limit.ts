// How often one caller may ask: a token bucket for each, in this process.

import { TokenBucket } from 'limiter'
import { LRUCache } from 'lru-cache'

const MOST_CALLERS = 10_000

export interface RateTerms {
  /** Requests a minute that a bucket is refilled with, evenly. Whole, at least 1. */
  readonly perMinute: number
  /** Requests that a full bucket holds. Whole, at least 1. */
  readonly burst: number
}

/** What a caller has left after this request. */
export interface Quota {
  readonly taken: boolean
  /** Requests in a full bucket, and seconds until an empty one is full: the same for everybody. */
  readonly burst: number
  readonly windowSeconds: number
  /** Requests, whole. */
  readonly remaining: number
  /** Seconds, whole: until the bucket is full again, or where nothing was taken, until there is one request. At least 1. */
  readonly resetSeconds: number
}

/**
 * Takes one request from the caller's bucket, which begins full.
 *
 * @param most how many callers are remembered. The one that was not seen for longest is forgotten first, and begins
 *   anew; it takes as many verified callers of the tenant to make use of that.
 */
export function rateLimit({ perMinute, burst }: RateTerms, most = MOST_CALLERS): (callerId: string) => Quota {
  const buckets = new LRUCache<string, TokenBucket>({ max: most })
  const windowSeconds = Math.ceil((burst * 60) / perMinute)

  const bucketOf = (callerId: string): TokenBucket => {
    const known = buckets.get(callerId)
    if (known) return known
    const bucket = new TokenBucket({ bucketSize: burst, tokensPerInterval: perMinute, interval: 'minute' })
    bucket.content = burst
    buckets.set(callerId, bucket)
    return bucket
  }

  return (callerId) => {
    const bucket = bucketOf(callerId)
    const taken = bucket.tryRemoveTokens(1)
    const waitSeconds = taken ? ((burst - bucket.content) * 60) / perMinute : bucket.getWaitTime(1) / 1_000
    const remaining = Math.floor(bucket.content)
    return { taken, burst, windowSeconds, remaining, resetSeconds: Math.ceil(waitSeconds) }
  }
}
