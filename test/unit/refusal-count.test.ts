// What is left in the log of refusals that come in floods.

import { type RefusalCount, refusalCount } from '../../src/functions/refusal-count.ts'
import { testClock } from '../support/rotation-world.ts'

const lines: string[] = []
let refusals: RefusalCount
let clock: ReturnType<typeof testClock>

beforeEach(() => {
  jest.useFakeTimers()
  lines.length = 0
  clock = testClock('2026-02-01T12:00:10Z')
  refusals = refusalCount({ clock, log: (text) => void lines.push(text) })
})
afterEach(() => jest.useRealTimers())

describe('refusals of nobody in particular', () => {
  test('are told once per reason when a minute has passed since the first, with how many there were', () => {
    refusals.add('token_missing')
    jest.advanceTimersByTime(59_999)
    clock.advance(59_999)
    refusals.add('token_missing')
    refusals.add('token_expired')
    expect(lines).toEqual([])
    jest.advanceTimersByTime(1)
    const since = '"since":"2026-02-01T12:00:10.000Z"'
    expect(lines).toEqual([
      `caller.refused {"code":"token_missing","count":2,${since}}`,
      `caller.refused {"code":"token_expired","count":1,${since}}`,
    ])
  })

  test('a quiet minute says nothing, and the next one counts anew', () => {
    refusals.add('token_missing')
    jest.advanceTimersByTime(600_000)
    clock.advance(600_000)
    expect(lines).toHaveLength(1)
    refusals.add('token_missing')
    jest.advanceTimersByTime(60_000)
    expect(lines.at(-1)).toBe('caller.refused {"code":"token_missing","count":1,"since":"2026-02-01T12:10:10.000Z"}')
    expect(jest.getTimerCount()).toBe(0)
  })

  test('what was not told yet is told at the end, and once', () => {
    refusals.add('token_invalid')
    refusals.flush()
    expect(lines).toEqual(['caller.refused {"code":"token_invalid","count":1,"since":"2026-02-01T12:00:10.000Z"}'])
    refusals.flush()
    expect(lines).toHaveLength(1)
    jest.advanceTimersByTime(30_000)
    refusals.add('token_invalid')
    jest.advanceTimersByTime(59_999)
    expect(lines).toHaveLength(1)
  })

  test('do not keep a process alive', () => {
    jest.useRealTimers()
    const timer = jest.spyOn(globalThis, 'setTimeout')
    refusals.add('token_missing')
    expect(timer.mock.results[0]?.value.hasRef()).toBe(false)
    refusals.flush()
    timer.mockRestore()
  })
})

describe('refusals of a caller who asks on', () => {
  const of = (caller: string, result: 'caller_denied' | 'rate_limited', what = 'issueToken') =>
    refusals.isFirst({ what, caller, app: 'app-1', result })

  test('the first per caller, reason and route in a minute is recorded, the others are counted and told at its end', () => {
    const asked = [of('sp-1', 'rate_limited'), of('sp-1', 'rate_limited'), of('sp-1', 'rate_limited')]
    const others = [of('sp-2', 'rate_limited'), of('sp-1', 'caller_denied'), of('sp-1', 'rate_limited', 'getAccount')]
    expect([asked, others]).toEqual([
      [true, false, false],
      [true, true, true],
    ])
    jest.advanceTimersByTime(60_000)
    expect(lines).toEqual([
      'request {"what":"issueToken","caller":"sp-1","app":"app-1","result":"rate_limited","count":2,"since":"2026-02-01T12:00:10.000Z"}',
    ])
  })

  test('the next minute begins anew, and where there was no other nothing is told', () => {
    expect(of('sp-1', 'caller_denied')).toBe(true)
    jest.advanceTimersByTime(60_000)
    expect([lines, jest.getTimerCount()]).toEqual([[], 0])
    expect(of('sp-1', 'caller_denied')).toBe(true)
    expect(of('sp-1', 'caller_denied')).toBe(false)
    refusals.flush()
    expect(lines).toEqual([expect.stringContaining('"result":"caller_denied","count":1,')])
  })

  test('a minute is that of strangers, too', () => {
    refusals.add('token_missing')
    jest.advanceTimersByTime(30_000)
    of('sp-1', 'caller_denied')
    of('sp-1', 'caller_denied')
    jest.advanceTimersByTime(30_000)
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['caller.refused', 'request'])
    expect(jest.getTimerCount()).toBe(0)
  })
})
