// How long a poll loop rests: not at all while there is work, then longer and longer up to a limit.

import { setTimeout as sleep } from 'node:timers/promises'

export interface Backoff {
  /** @returns Milliseconds to wait before the next poll. */
  next(found: boolean): number
}

const FIRST_MS = 100

/** @param maxMs The longest rest, at least 100. */
export function createBackoff(maxMs: number): Backoff {
  let rest = 0
  return {
    next(found) {
      rest = found ? 0 : Math.min(Math.max(rest * 2, FIRST_MS), maxMs)
      return rest
    },
  }
}

/** Comes after `ms` milliseconds, or when the signal ends it. */
export async function rest(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, { signal }).catch(() => undefined)
}
