// How often an account is rotated and how long a replaced key lives: the settings' defaults, and what its tags ask for.

import { parseDuration } from '../common/duration.ts'
import type { Tags } from '../common/record.ts'

/** All in milliseconds. */
export interface PolicySettings {
  readonly rotateEveryMs: number
  readonly graceMs: number
  readonly minGraceMs: number
  readonly minRotateEveryMs: number
  readonly maxRotateEveryMs: number
}

export type Policy =
  | { readonly kind: 'policy'; readonly rotateEveryMs: number; readonly graceMs: number }
  /** A tag that is out of bounds is refused, not clamped: nobody should believe in a policy that is not applied. */
  | { readonly kind: 'bad'; readonly reason: string }

const TAG = { rotateEvery: 'keystile-rotate-every', grace: 'keystile-grace' } as const

/** Tags ask (ISO 8601 durations), settings bound. The reason of a refusal names the tag, never its value. */
export function policyOf(tags: Tags, settings: PolicySettings): Policy {
  const asked = (name: string, fallback: number) => {
    const text = tags[name]
    return text === undefined ? fallback : parseDuration(text)
  }
  const rotateEveryMs = asked(TAG.rotateEvery, settings.rotateEveryMs)
  const graceMs = asked(TAG.grace, settings.graceMs)
  const bad = (reason: string): Policy => ({ kind: 'bad', reason })
  if (rotateEveryMs === undefined) return bad(`${TAG.rotateEvery} is not an ISO 8601 duration`)
  if (graceMs === undefined) return bad(`${TAG.grace} is not an ISO 8601 duration`)
  if (rotateEveryMs < settings.minRotateEveryMs) return bad(`${TAG.rotateEvery} is below the least allowed`)
  if (rotateEveryMs > settings.maxRotateEveryMs) return bad(`${TAG.rotateEvery} is above the most allowed`)
  if (graceMs < settings.minGraceMs) return bad(`${TAG.grace} is below the least allowed`)
  return { kind: 'policy', rotateEveryMs, graceMs }
}
