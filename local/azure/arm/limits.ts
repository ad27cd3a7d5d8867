// ARM's rate limits per principal and subscription (contract A5): counted always, refused only when switched on.

import type { World } from '../world.ts'
import { throttled } from './refusals.ts'

interface Limit {
  readonly size: number
  readonly refillPerSecond: number
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

/**
 * Counts calls. POST actions are writes, as a recording of the real service shows (contract A3).
 *
 * @returns For each call, the headers with what is left. @throws Refusal 429 with Retry-After when nothing is left and
 *   the switch `throttling` is on.
 */
export function createLimits({ switches, now }: Pick<World, 'switches' | 'now'>) {
  const buckets = new Map<string, { left: number; at: number }>()

  /** @returns What is left after this call; negative when it was one too many. */
  function take(name: string, { size, refillPerSecond }: Limit): number {
    const at = now()
    const bucket = buckets.get(name) ?? { left: size, at }
    const refilled = Math.min(size, bucket.left + ((at - bucket.at) / 1000) * refillPerSecond)
    const left = refilled - 1
    buckets.set(name, { left: Math.max(left, 0), at })
    return left
  }

  return (method: string, principal: string, subscription: string): Record<string, string> => {
    const kind = method === 'GET' ? 'reads' : 'writes'
    const model = switches.armLimits
    const limit = limits[model][kind]
    const shared = { size: limit.size * globalFactor, refillPerSecond: limit.refillPerSecond * globalFactor }
    const place = `${model} ${kind} ${subscription.toLowerCase()}`
    const left = take(`${place} ${principal}`, limit)
    const leftForAll = take(place, shared)
    if (switches.throttling && Math.min(left, leftForAll) < 0) throw throttled(Math.ceil(1 / limit.refillPerSecond))
    const shown = (value: number) => String(Math.max(0, Math.floor(value)))
    return {
      [`x-ms-ratelimit-remaining-subscription-${kind}`]: shown(left),
      ...(model === 'buckets' ? { [`x-ms-ratelimit-remaining-subscription-global-${kind}`]: shown(leftForAll) } : {}),
    }
  }
}

export type Limits = ReturnType<typeof createLimits>
