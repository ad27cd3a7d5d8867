// How time is reckoned on a machine whose clock may be wrong and which may sleep.

import type { ClientClock } from './types.ts'

export const systemClock: ClientClock = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
}

/**
 * Starts to measure. Two clocks, because each alone can hide time: the monotonic one stands still on some systems
 * while the machine is suspended, and the wall clock goes back when somebody sets it. What the one misses the other
 * sees, so the longer reckoning counts; a clock set forward costs one request that was not yet needed.
 *
 * @returns a function that answers the milliseconds since.
 */
export function stopwatch(clock: ClientClock): () => number {
  const monotonic = clock.monotonic()
  const wall = clock.wall()
  return () => Math.max(clock.monotonic() - monotonic, clock.wall() - wall)
}
