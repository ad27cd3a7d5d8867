// NCRONTAB as timer triggers take it: six fields, and nothing that only other crons know.

import { parseNcrontab } from '../../local/host/ncrontab.ts'

/** Local time, as schedules are. */
const at = (text: string) => new Date(`${text}`)

test.each([
  { expression: '* * * * * *', after: '2026-03-01T10:00:00', next: '2026-03-01T10:00:01' },
  { expression: '0 */5 * * * *', after: '2026-03-01T10:00:00', next: '2026-03-01T10:05:00' },
  { expression: '0 0 * * * *', after: '2026-03-01T10:00:00', next: '2026-03-01T11:00:00' },
  { expression: '30 0 9-17/4 * * *', after: '2026-03-01T10:00:00', next: '2026-03-01T13:00:30' },
  { expression: '15/20 * * * * *', after: '2026-03-01T10:00:20', next: '2026-03-01T10:00:35' },
  { expression: '5,10 * * * * *', after: '2026-03-01T10:00:05', next: '2026-03-01T10:00:10' },
  { expression: '0 30 9 * Jan Mon', after: '2026-03-01T10:00:00', next: '2027-01-04T09:30:00' },
  { expression: '0 0 0 1 january-FEBRUARY *', after: '2026-03-01T10:00:00', next: '2027-01-01T00:00:00' },
  { expression: '  0   0 0 * * 0 ', after: '2026-03-02T10:00:00', next: '2026-03-08T00:00:00' },
])('$expression after $after is next due at $next', ({ expression, after, next }) => {
  expect(parseNcrontab(expression).next(at(after))).toEqual(at(next))
})

test('day and day of week must both hold', () => {
  // The first Friday the 13th of 2026 after February's.
  expect(parseNcrontab('0 0 0 13 * Fri').next(at('2026-02-14T00:00:00'))).toEqual(at('2026-03-13T00:00:00'))
})

test.each([
  { expression: '', why: 'has 1 fields; it must have 6, seconds first' },
  { expression: '*/5 * * * *', why: 'has 5 fields' },
  { expression: '0 0 0 1 1 * 2027', why: 'has 7 fields' },
  { expression: '@daily', why: 'has 1 fields' },
  { expression: '0 0 0 L * *', why: 'has a day that is not one: L' },
  { expression: '0 0 0 15W * *', why: 'has a day that is not one: 15W' },
  { expression: '0 0 0 ? * *', why: 'has a day that is not one: ?' },
  { expression: '0 0 0 * * FRI#2', why: 'has a day of week that is not one: FRI#2' },
  { expression: '0 0 0 * * 5L', why: 'has a day of week that is not one: 5L' },
  { expression: '0 0 0 * * 7', why: 'has a day of week that is not one: 7' },
  { expression: '0 0 0 * * frid', why: 'has a day of week that is not one: frid' },
  { expression: '0 0 0 * 0 *', why: 'has a month that is not one: 0' },
  { expression: '60 * * * * *', why: 'has a second that is not one: 60' },
  { expression: '0 0 24 * * *', why: 'has a hour that is not one: 24' },
  { expression: '*/0 * * * * *', why: 'has a second that is not one: */0' },
  { expression: '/5 * * * * *', why: 'has a second that is not one: /5' },
  { expression: '*-5 * * * * *', why: 'has a second that is not one: *-5' },
  { expression: '50-10 * * * * *', why: 'has a second that is not one: 50-10' },
  { expression: '1, * * * * *', why: 'has a second that is not one: 1,' },
  { expression: '0 0 0 31 2 *', why: 'never comes' },
  { expression: '00:01:00', why: 'has 1 fields' },
])("'$expression' is refused: $why", ({ expression, why }) => {
  expect(() => parseNcrontab(expression)).toThrow(`not an NCRONTAB schedule: '${expression}' ${why}`)
})
