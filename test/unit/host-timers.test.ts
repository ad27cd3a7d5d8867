// Timer triggers by a clock that the test moves: when runs begin, and that one never begins during another.

import { parseNcrontab } from '../../local/host/ncrontab.ts'
import { startTimer, type Timer } from '../../local/host/timers.ts'

const START = new Date(2026, 2, 1, 10, 0, 0).getTime()
const secondsIn = (ms: number) => (ms - START) / 1000

let timer: Timer | undefined
beforeEach(() => {
  jest.useFakeTimers({ now: START })
})
afterEach(() => {
  timer?.stop()
  jest.useRealTimers()
})

interface Options {
  readonly expression: string
  readonly lastsSeconds?: (run: number) => number
  readonly runOnStartup?: boolean
  readonly useMonitor?: boolean
}

function observe({ expression, lastsSeconds = () => 0, runOnStartup = false, useMonitor = true }: Options) {
  const began: number[] = []
  const inputs: { ScheduleStatus: unknown; IsPastDue: boolean }[] = []
  timer = startTimer({
    schedule: parseNcrontab(expression),
    runOnStartup,
    useMonitor,
    run: async ({ json = '{}' }) => {
      began.push(secondsIn(Date.now()))
      inputs.push(JSON.parse(json))
      const ms = lastsSeconds(began.length) * 1000
      if (ms > 0) await new Promise((done) => setTimeout(done, ms))
    },
  })
  return { began, inputs }
}

test('runs begin when they are due', async () => {
  const { began } = observe({ expression: '*/10 * * * * *' })
  await jest.advanceTimersByTimeAsync(35_000)
  expect(began).toEqual([10, 20, 30])
})

test('a run that lasts past its next turns is followed at once by one more, and then by the schedule again', async () => {
  const { began } = observe({ expression: '*/10 * * * * *', lastsSeconds: (run) => (run === 1 ? 25 : 0) })
  await jest.advanceTimersByTimeAsync(55_000)
  expect(began).toEqual([10, 35.001, 40, 50])
})

test('runOnStartup adds one run at the start', async () => {
  const { began } = observe({ expression: '*/10 * * * * *', runOnStartup: true })
  await jest.advanceTimersByTimeAsync(15_000)
  expect(began).toEqual([0.001, 10])
})

test('a wait of more than 24 days is kept', async () => {
  const { began } = observe({ expression: '0 0 10 1 5 *' })
  await jest.advanceTimersByTimeAsync(100 * 86_400_000)
  expect(began.map((seconds) => new Date(START + seconds * 1000))).toEqual([new Date(2026, 4, 1, 10, 0, 0)])
})

test('stop ends it, even while a run is under way', async () => {
  const { began } = observe({ expression: '*/10 * * * * *', lastsSeconds: () => 5 })
  await jest.advanceTimersByTimeAsync(12_000)
  timer?.stop()
  await jest.advanceTimersByTimeAsync(60_000)
  expect(began).toEqual([10])
})

test('the schedule status tells the last and the next turn, for schedules of a minute and more', async () => {
  const iso = (seconds: number) => new Date(START + seconds * 1000).toISOString()
  const { inputs } = observe({ expression: '0 * * * * *' })
  await jest.advanceTimersByTimeAsync(125_000)
  const never = '0001-01-01T00:00:00.000Z'
  expect(inputs.map(({ ScheduleStatus }) => ScheduleStatus)).toEqual([
    { Last: never, Next: iso(60), LastUpdated: never },
    { Last: iso(60), Next: iso(120), LastUpdated: iso(60) },
  ])
  expect(inputs.map(({ IsPastDue }) => IsPastDue)).toEqual([false, false])
})

test.each([
  { why: 'useMonitor is off', expression: '0 * * * * *', useMonitor: false },
  { why: 'it runs more than once a minute', expression: '*/30 * * * * *', useMonitor: true },
])('there is no schedule status when $why', async ({ expression, useMonitor }) => {
  const { inputs } = observe({ expression, useMonitor })
  await jest.advanceTimersByTimeAsync(65_000)
  expect(inputs[0]?.ScheduleStatus).toBeNull()
})
