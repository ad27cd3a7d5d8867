// Time as an argument: whoever needs it is given it.

export interface Clock {
  now(): Date
  /** Milliseconds on a clock that never jumps, and may leave out sleep; only differences mean anything. */
  elapsed(): number
  /** Never rejects. @param signal ends it early. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
}

/**
 * Measures on both clocks, from now: the monotonic one may stand still while a machine sleeps, the other may be set.
 *
 * @returns the milliseconds since, by the one that says more.
 */
export function stopwatch(clock: Pick<Clock, 'now' | 'elapsed'>): () => number {
  const [elapsed, now] = [clock.elapsed(), clock.now().getTime()]
  return () => Math.max(clock.elapsed() - elapsed, clock.now().getTime() - now)
}

/** @returns the milliseconds that are left by the clock that says less, below 0 when they are over. */
export function countdown(clock: Pick<Clock, 'now' | 'elapsed'>, milliseconds: number): () => number {
  const since = stopwatch(clock)
  return () => milliseconds - since()
}
