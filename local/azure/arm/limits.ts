// ARM's rate limits per principal and subscription (contract A5): counted always, refused only when switched on.

import type { World } from '../world.ts'
import { throttled } from './refusals.ts'

interface Limit {
  readonly size: number
  readonly refillPerSecond: number
}

interface Bucket {
  readonly name: string
  readonly limit: Limit
  /** What it holds now, with fractions. */
  readonly left: number
}

type Kind = 'reads' | 'writes'

const limits: Readonly<Record<World['switches']['armLimits'], Readonly<Record<Kind, Limit>>>> = {
  buckets: { reads: { size: 250, refillPerSecond: 25 }, writes: { size: 200, refillPerSecond: 10 } },
  hourly: {
    reads: { size: 12_000, refillPerSecond: 12_000 / 3600 },
    writes: { size: 1_200, refillPerSecond: 1_200 / 3600 },
  },
}

/** The bucket that all principals of a subscription share is so many times as large. */
const globalFactor = 15
/** Refills are fractions: a bucket that lacks less than this has its one. */
const rounding = 1e-6

/**
 * Counts calls. POST actions are writes, as a recording of the real service shows (contract A3).
 *
 * @returns For each call, the headers with what is left. @throws Refusal 429 with Retry-After when nothing is left in
 *   one of its buckets and the switch `throttling` is on; such a call is charged to none.
 */
export function createLimits({ switches, now }: Pick<World, 'switches' | 'now'>) {
  const buckets = new Map<string, { left: number; at: number }>()

  function look(name: string, limit: Limit): Bucket {
    const at = now()
    const known = buckets.get(name) ?? { left: limit.size, at }
    return { name, limit, left: Math.min(limit.size, known.left + ((at - known.at) / 1000) * limit.refillPerSecond) }
  }

  /** @returns What is left after this call. */
  function charge({ name, left }: Bucket): number {
    const after = Math.max(0, left - 1)
    buckets.set(name, { left: after, at: now() })
    return after
  }

  return (method: string, principal: string, subscription: string): Record<string, string> => {
    const kind = method === 'GET' ? 'reads' : 'writes'
    const model = switches.armLimits
    const limit = limits[model][kind]
    const shared = { size: limit.size * globalFactor, refillPerSecond: limit.refillPerSecond * globalFactor }
    const place = `${model} ${kind} ${subscription.toLowerCase()}`
    const own = look(`${place} ${principal}`, limit)
    const all = look(place, shared)
    const waits = [own, all].map(secondsUntilOne)
    if (switches.throttling && Math.max(...waits) > 0) throw throttled(Math.ceil(Math.max(...waits)))
    const shown = (value: number) => String(Math.floor(value + rounding))
    const [left, leftForAll] = [charge(own), charge(all)]
    return {
      [`x-ms-ratelimit-remaining-subscription-${kind}`]: shown(left),
      ...(model === 'buckets' ? { [`x-ms-ratelimit-remaining-subscription-global-${kind}`]: shown(leftForAll) } : {}),
    }
  }
}

const secondsUntilOne = ({ left, limit }: Bucket): number =>
  left >= 1 - rounding ? 0 : (1 - left) / limit.refillPerSecond

export type Limits = ReturnType<typeof createLimits>
