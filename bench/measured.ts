// What a benchmark says: each value beside a floor that was measured in the same run, round by round.

/** Of several rounds. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

export interface Measured {
  readonly group: string
  readonly what: string
  readonly unit: string
  readonly value: Spread
  /** What the value is held against, in words; absent where it is a count that stands for itself. */
  readonly floor?: string
  /** Value by floor, of each round. */
  readonly ratio?: Spread
  /** For the ratio, or for the value where there is none. */
  readonly target?: Target
}

export type Target = { readonly atLeast: number } | { readonly atMost: number }

/** @throws RangeError for nothing. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const [least, most] = [sorted[0], sorted.at(-1)]
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]]
  if (least === undefined || most === undefined || low === undefined || high === undefined)
    throw new RangeError('there was no round')
  return { median: (low + high) / 2, least, most }
}

/** Round by round, so that what slows the machine for a while slows both. */
export const ratioOf = (values: readonly number[], floors: readonly number[]): Spread =>
  spreadOf(values.map((value, round) => value / (floors[round] ?? Number.NaN)))

/** What was seen once. */
export const single = (value: number): Spread => spreadOf([value])

/** A row whose values are held against those of a floor. */
export const heldAgainst = (
  row: Pick<Measured, 'group' | 'what' | 'unit'>,
  values: readonly number[],
  floor: { readonly name: string; readonly values: readonly number[] },
  target?: Target,
): Measured => ({
  ...row,
  value: spreadOf(values),
  floor: floor.name,
  ratio: ratioOf(values, floor.values),
  ...(target && { target }),
})

/** All of these, beginning with another in each round. */
export const turned = <T>(all: readonly T[], round: number): readonly T[] => {
  const first = round % all.length
  return [...all.slice(first), ...all.slice(0, first)]
}

/** `undefined` where there is no target. */
export function isMet({ value, ratio, target }: Measured): boolean | undefined {
  if (target === undefined) return undefined
  const { median } = ratio ?? value
  return 'atLeast' in target ? median >= target.atLeast : median <= target.atMost
}
