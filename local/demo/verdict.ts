// Did the demo show what it is there to show? Each shortfall is one sentence; none means that it did.

import type { Tally } from './consumers.ts'
import type { AccountHistory } from './watch.ts'

export interface Shown {
  readonly name: string
  readonly history: AccountHistory
  readonly tally: Tally
}

export const LEAST_CALLS = 1_000
export const LEAST_ROTATIONS = 2

/** The first publication adopts; each later one with another key is a rotation. */
export const rotationsOf = ({ published }: AccountHistory): number =>
  published.filter(({ fingerprint }, index) => index > 0 && fingerprint !== published[index - 1]?.fingerprint).length

export function shortfalls({ name, history, tally }: Shown): string[] {
  const { published, used } = history
  const rotations = rotationsOf(history)
  const unused = published.filter(({ fingerprint }) => !used.has(fingerprint)).length
  const said = [
    tally.failures.length > 0 && `${tally.failures.length} calls failed, the first: ${tally.failures[0]}`,
    published.some(({ worked }) => !worked) && 'a key was published before it worked',
    tally.calls < LEAST_CALLS && `only ${tally.calls} calls were made, not ${LEAST_CALLS}`,
    rotations < LEAST_ROTATIONS && `only ${rotations} rotations were seen, not ${LEAST_ROTATIONS}`,
    unused > 0 && `${unused} of ${published.length} published keys were never seen in use`,
  ]
  return said.filter((each) => each !== false).map((each) => `${name}: ${each}`)
}
