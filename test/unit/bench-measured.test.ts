// What a benchmark says of its rounds.

import { isMet, type Measured, ratioOf, spreadOf } from '../../bench/measured.ts'

test.each<[number[], number, string]>([
  [[5], 5, 'one round'],
  [[9, 1, 5], 5, 'in whatever order they come'],
  [[10, 9, 1, 5], 7, 'an even number: half-way between the two in the middle'],
  [[100, 20, 3], 20, 'as numbers, not as text'],
])('of %p the median is %p: %s', (values, median) => {
  expect(spreadOf(values)).toEqual({ median, least: Math.min(...values), most: Math.max(...values) })
})

test('rounds are left as they are, and there has to be one', () => {
  const values = [3, 1, 2]
  spreadOf(values)
  expect(values).toEqual([3, 1, 2])
  expect(() => spreadOf([])).toThrow(RangeError)
})

test('a ratio is taken round by round: what slows one round slows both', () => {
  expect(ratioOf([10, 40, 30], [10, 20, 10])).toEqual({ median: 2, least: 1, most: 3 })
})

const one = { median: 1, least: 1, most: 1 }
const of = (median: number) => ({ median, least: 0, most: 1_000 })
const row = (given: Partial<Measured>): Measured => ({ group: 'g', what: 'w', unit: '', value: one, ...given })

test.each<[Partial<Measured>, boolean | undefined, string]>([
  [{}, undefined, 'no target'],
  [{ value: of(5), target: { atMost: 5 } }, true, 'just met'],
  [{ value: of(5.1), target: { atMost: 5 } }, false, 'above the most'],
  [{ value: of(5), target: { atLeast: 5 } }, true, 'just met'],
  [{ value: of(4.9), target: { atLeast: 5 } }, false, 'below the least'],
  [{ value: of(9), ratio: of(1), target: { atMost: 5 } }, true, 'the ratio counts where there is one'],
  [{ value: of(1), ratio: of(9), target: { atMost: 5 } }, false, 'the ratio counts where there is one'],
])('%j is met: %p (%s)', (given, met) => {
  expect(isMet(row(given))).toBe(met)
})

test.each([{ atMost: 5 }, { atLeast: 5 }])('what could not be held against a floor misses %j', (target) => {
  const ratio = ratioOf([1, 2], [1])
  expect(isMet(row({ ratio, target }))).toBe(false)
})
