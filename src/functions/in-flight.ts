// How many requests are handled at once: beyond that a quick no is worth more to everybody than a slow answer.

export interface InFlight {
  /** `false` when there are as many as may be. Whoever got `true` calls {@link leave} once. */
  enter(): boolean
  leave(): void
}

/** @param most whole, at least 1. */
export function inFlight(most: number): InFlight {
  let count = 0
  return {
    enter() {
      if (count >= most) return false
      count += 1
      return true
    },
    leave() {
      count -= 1
    },
  }
}
