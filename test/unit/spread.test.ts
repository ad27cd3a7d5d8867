import { spreadDelay, spreadWindow } from '../../src/rotation/spread.ts'
import { periodOf } from '../../src/rotation/spread-schedule.ts'
import { ID } from '../support/rotation.ts'

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000]

test.each([
  ['rounds a second apart are not spread', 500, 1_000, 0],
  ['nor are rounds just under a minute apart', 500, 59_999, 0],
  ['a small fleet is looked at promptly: a second for each', 8, HOUR, 8_000],
  ['a large one fills nine tenths of the time between two rounds', 10_000, HOUR, 54 * MINUTE],
  ['of a minute, too', 10_000, MINUTE, 54_000],
  ['a nightly round ends within an hour', 10_000, DAY, HOUR],
])('%s', (_what, accounts, everyMs, windowMs) => {
  expect(spreadWindow(accounts, everyMs)).toBe(windowMs)
})

test('an account has a place of its own, the same in every round, in any case of its id', () => {
  expect(spreadDelay(ID, HOUR)).toBe(spreadDelay(ID.toUpperCase(), HOUR))
  expect(spreadDelay(ID, HOUR)).toBe(447_068)
  expect(spreadDelay(ID, 0)).toBe(0)
})

test('a thousand accounts are spread evenly', () => {
  const tenths = Array(10).fill(0)
  for (let each = 0; each < 1_000; each += 1) tenths[Math.floor(spreadDelay(`${ID}-${each}`, 1_000) / 100)] += 1
  expect(Math.min(...tenths)).toBeGreaterThan(70)
  expect(Math.max(...tenths)).toBeLessThan(130)
})

test.each([
  ['* * * * * *', 1_000, 1_000],
  ['*/10 * * * * *', 10_000, 10_000],
  ['0 7 * * * *', HOUR, HOUR],
  ['0 7,37 * * * *', 30 * MINUTE, 30 * MINUTE],
  ['0 0/20 * * * *', 20 * MINUTE, 20 * MINUTE],
  ['0 50/20 * * * *', HOUR, HOUR],
  ['0 0 2 * * *', DAY, DAY],
  ['0 0 2 * 1-11 *', DAY, 32 * DAY],
  ['0 0 2 * * Mon-Friday', DAY, 3 * DAY],
  ['0 0 8-17 * * 1-5', HOUR, 63 * HOUR],
  ['0 0 0 1 january *', 365 * DAY, 366 * DAY],
  ['0 0 0 29 2 *', 1_461 * DAY, 1_461 * DAY],
  ['30 59 23 * * *', DAY, DAY],
  ['  0  7 * * *  * ', HOUR, HOUR],
  ['0 37,7,37 * * * *', 30 * MINUTE, 30 * MINUTE],
  ['0 10-30/10 * * * *', 10 * MINUTE, 40 * MINUTE],
  ['0 5-5 * * * *', HOUR, HOUR],
  ['59/1 * * * * *', MINUTE, MINUTE],
  ['0 */25 * * * *', 10 * MINUTE, 25 * MINUTE],
  ['0 0 6,9 * * *', 3 * HOUR, 21 * HOUR],
  ['0 0 0 1,31 * *', DAY, 30 * DAY],
  ['0 0 0 1 6,DECEMBER *', 182 * DAY, 183 * DAY],
  ['0 0 0 * * Mon', 7 * DAY, 7 * DAY],
  ['0 0 0 * * sun', 7 * DAY, 7 * DAY],
  ['0 0 0 29 2 Monday', 10_227 * DAY, 10_227 * DAY],
])('the occurrences of %s are %i to %i ms apart', (schedule, shortestMs, longestMs) => {
  expect(periodOf(schedule)).toEqual({ shortestMs, longestMs })
})

test.each([
  '* * * * *',
  '* * * * * * *',
  '60 * * * * *',
  '* * 24 * * *',
  '* * * 0 * *',
  '* * * * 13 *',
  '* * * * * 7',
  '*/0 * * * * *',
  '5-2 * * * * *',
  '*-5 * * * * *',
  '? * * * * *',
  '1,,2 * * * * *',
  '0 0 0 30 2 *',
  '* 60 * * * *',
  '* * * 32 * *',
  '* * * * 0 *',
  '007 * * * * *',
  '!5 * * * * *',
  '5! * * * * *',
  'mon * * * * *',
  '5-x * * * * *',
  'x-5 * * * * *',
  '7,x * * * * *',
  '7,5-x * * * * *',
  '7,x-5 * * * * *',
  '7,5-2 * * * * *',
  '* * * 0,7 * *',
  '* * * * 0,7 *',
  '* * * * * jan',
  '',
])('%j is no schedule', (schedule) => {
  expect(periodOf(schedule)).toBeUndefined()
})
