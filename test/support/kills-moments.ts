// When the rotator is killed: the same moments for the same seed, whatever a machine makes of them.

import { seeded } from '../../local/seeded.ts'

export interface Moment {
  /** Milliseconds from the start of a process, when it listens, to its end. */
  readonly lifeMs: number
  /** What it asks ARM to regenerate in its last moments is held up, and lands after its end. */
  readonly landsLate: boolean
}

const SHORTEST_MS = 300
/** Longer than a quarantine and a rotation: some processes end what others began. */
const LONGEST_MS = 8_000
const LATE_EVERY = 3

/** @param seed a whole number. */
export function momentsOf(seed: number, kills: number): Moment[] {
  const random = seeded(seed)
  return Array.from({ length: kills }, (_, index) => ({
    lifeMs: Math.round(SHORTEST_MS + random() * (LONGEST_MS - SHORTEST_MS)),
    landsLate: index % LATE_EVERY === LATE_EVERY - 1,
  }))
}
