// How many of what the group `scale` measures, and by which name the drawing finds it again.

export const COUNTS = [10, 100, 1_000, 10_000] as const
export type Count = (typeof COUNTS)[number]

export const KINDS = ['account', 'caller'] as const
export type Kind = (typeof KINDS)[number]

/** So many of the one, and one of the other. */
export interface Size {
  readonly kind: Kind
  readonly count: Count
}

export const nameOf = ({ kind, count }: Size): string => `${count.toLocaleString('en')} ${kind}s`

export const memoryOf = (size: Size): string => `memory for each of ${nameOf(size)}`
