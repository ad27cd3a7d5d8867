// The bucket of each caller, on the clock of the library that keeps it.

import { rateLimit } from '../../src/callers/rate-limit.ts'
import { quotaHeaders } from '../../src/functions/quota-headers.ts'

let now = 0

beforeEach(() => {
  now = 1_000_000
  jest.spyOn(performance, 'now').mockImplementation(() => now)
})
afterEach(() => jest.restoreAllMocks())

const headersOf = (take: ReturnType<typeof rateLimit>) => quotaHeaders(take('caller-1'))

test('a caller begins with a full bucket, and is told what is left and when it is full again', () => {
  const take = rateLimit({ perMinute: 60, burst: 120 })
  expect(headersOf(take)).toEqual({
    'RateLimit-Policy': '"caller";q=120;w=120',
    RateLimit: '"caller";r=119;t=1',
  })
  for (let more = 0; more < 59; more += 1) take('caller-1')
  expect(headersOf(take)).toMatchObject({ RateLimit: '"caller";r=59;t=61' })
})

test('an empty bucket refuses, and Retry-After is when there is one request again', () => {
  const take = rateLimit({ perMinute: 12, burst: 2 })
  take('caller-1')
  take('caller-1')
  expect(headersOf(take)).toEqual({
    'RateLimit-Policy': '"caller";q=2;w=10',
    RateLimit: '"caller";r=0;t=5',
    'Retry-After': '5',
  })
  now += 4_999
  expect(headersOf(take)).toMatchObject({ 'Retry-After': '1' })
  now += 1
  expect(headersOf(take)).toEqual({ 'RateLimit-Policy': '"caller";q=2;w=10', RateLimit: '"caller";r=0;t=10' })
})

test('Retry-After is never 0', () => {
  const take = rateLimit({ perMinute: 999_999, burst: 1 })
  take('caller-1')
  expect(headersOf(take)['Retry-After']).toBe('1')
})

test('a refused request costs nothing, and a quiet hour fills the bucket and no more', () => {
  const take = rateLimit({ perMinute: 60, burst: 3 })
  for (let time = 0; time < 50; time += 1) take('caller-1')
  now += 3_600_000
  expect(Array.from({ length: 4 }, () => take('caller-1').taken)).toEqual([true, true, true, false])
})

test('what one caller uses up, another has', () => {
  const take = rateLimit({ perMinute: 60, burst: 1 })
  take('caller-1')
  expect([take('caller-1').taken, take('caller-2').taken]).toEqual([false, true])
})

test('only so many callers are remembered', () => {
  const take = rateLimit({ perMinute: 60, burst: 1 }, 2)
  for (const caller of ['one', 'two', 'one', 'three']) take(caller)
  expect(['one', 'three', 'two'].map((caller) => take(caller).taken)).toEqual([false, false, true])
})
