// A client of the wire as the Azure SDKs are: retries, pacing seen try by try, and an error of ours in the end.

import type { Lane } from '../src/azure/pacing.ts'
import type { Clock } from '../src/common/clock.ts'
import { AppError } from '../src/common/errors.ts'
import type { CallKind, Wire } from './wire.ts'

export interface Call {
  readonly kind: CallKind
  readonly method: 'GET' | 'POST' | 'PUT'
  /** After the first try. The SDKs' own number is 3. */
  readonly retries: number
  readonly lane?: Lane | undefined
}

export type Send = <T>(call: Call, work: () => T) => Promise<T>

/** `Retry-After` in seconds is honoured, else 1 s, 2 s, 4 s, each with up to half of it left to chance. */
export function createSdk(clock: Clock, wire: Wire): Send {
  const chance = seeded(20_260_201)
  return async ({ kind, method, retries, lane }, work) => {
    for (let tried = 0; ; tried += 1) {
      const send = () => wire.call(kind, work)
      const answer = lane ? await lane.policy.sendRequest({ method }, send) : await send()
      if (answer.value !== undefined) return answer.value
      if (tried === retries) throw new AppError('upstream_throttled', `${kind}: HTTP 429`, 429)
      const told = answer.headers.get('retry-after')
      const exponentialMs = 1_000 * 2 ** tried
      await clock.sleep(told === undefined ? exponentialMs * (0.5 + chance() / 2) : Number(told) * 1_000)
    }
  }
}

/** The same numbers in each run, from 0 to 1 (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
