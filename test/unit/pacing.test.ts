import { createLimits } from '../../local/azure/arm/limits.ts'
import { azureSwitches } from '../../local/azure/world.ts'
import { azurePacing } from '../../src/azure/pacing.ts'
import { createBucket } from '../../src/azure/pacing-bucket.ts'
import { LONGEST_WAIT_MS } from '../../src/azure/pacing-line.ts'
import { createWindow } from '../../src/azure/pacing-window.ts'
import type { Clock } from '../../src/common/clock.ts'

const [A, B] = ['aaaaaaaa-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222']

/** Time that passes when everybody sleeps: always to the one who wakes up next. */
function lazyClock(): Clock & { run(): Promise<void> } {
  let now = 0
  const sleepers: { at: number; wake: () => void }[] = []
  return {
    now: () => new Date(now),
    elapsed: () => now,
    sleep: (milliseconds) => new Promise((wake) => void sleepers.push({ at: now + milliseconds, wake })),
    async run() {
      const settled = () => new Promise((resolve) => setImmediate(resolve))
      for (await settled(); sleepers.length > 0; await settled()) {
        sleepers.sort((one, other) => one.at - other.at)
        const next = sleepers.shift()
        now = Math.max(now, next?.at ?? now)
        next?.wake()
      }
    },
  }
}

const answerWith = (status: number, headers: Record<string, string> = {}) => ({
  status,
  headers: { get: (name: string) => headers[name] },
})
const remaining = (writes: number, global?: number) => ({
  'x-ms-ratelimit-remaining-subscription-writes': String(writes),
  ...(global === undefined ? {} : { 'x-ms-ratelimit-remaining-subscription-global-writes': String(global) }),
})

/** When each of so many writes that are asked for at once may be sent, in milliseconds. */
async function timesOf(take: () => Promise<void>, count: number, clock: ReturnType<typeof lazyClock>) {
  const times: (number | string)[] = []
  const asking = Array.from({ length: count }, () =>
    take().then(
      () => void times.push(clock.elapsed()),
      (error: { code: string }) => void times.push(error.code),
    ),
  )
  await clock.run()
  await Promise.all(asking)
  return times
}

const tell = (pacing: ReturnType<typeof azurePacing>, answer: ReturnType<typeof answerWith>, subscription = A) =>
  pacing.subscription(subscription).policy.sendRequest({ method: 'POST' }, async () => answer)

test('a full bucket lets its size go at once, and then as many as it is refilled with', async () => {
  const clock = lazyClock()
  const bucket = createBucket(clock, 'writes', { size: 3, perSecond: 10 })
  expect(await timesOf(() => bucket.take(), 6, clock)).toEqual([0, 0, 0, 100, 200, 300])
})

test('a bucket holds no more than its size after a pause', async () => {
  const clock = lazyClock()
  const bucket = createBucket(clock, 'writes', { size: 2, perSecond: 10 })
  await timesOf(() => clock.sleep(60_000), 1, clock)
  expect(await timesOf(() => bucket.take(), 3, clock)).toEqual([60_000, 60_000, 60_100])
})

test('what has begun goes before what has not', async () => {
  const clock = lazyClock()
  const bucket = createBucket(clock, 'writes', { size: 1, perSecond: 10 })
  const order: string[] = []
  // The first finds the bucket full.
  const all = [false, false, true, true].map((first, at) =>
    bucket.take(first).then(() => void order.push(`${first ? 'first' : 'usual'} ${at}`)),
  )
  await clock.run()
  await Promise.all(all)
  expect(order).toEqual(['usual 0', 'first 2', 'first 3', 'usual 1'])
})

test('nobody waits for longer than half a minute: the message is put back instead', async () => {
  const clock = lazyClock()
  const bucket = createBucket(clock, 'writes', { size: 1, perSecond: 0.1 })
  expect(await timesOf(() => bucket.take(), 6, clock)).toEqual([
    'upstream_throttled',
    'upstream_throttled',
    0,
    10_000,
    20_000,
    30_000,
  ])
  expect(LONGEST_WAIT_MS).toBe(30_000)
})

test('those who wait are let go, too, when a long pause is asked for', async () => {
  const clock = lazyClock()
  const bucket = createBucket(clock, 'writes', { size: 1, perSecond: 1 })
  const waiting = timesOf(() => bucket.take(), 3, clock)
  bucket.pause(60_000)
  expect(await waiting).toEqual([0, 'upstream_throttled', 'upstream_throttled'])
})

test('what a revoke reads goes before what others read, and is not sent away for their sake', async () => {
  const clock = lazyClock()
  const pacing = azurePacing(clock)
  await tell(pacing, answerWith(200, remaining(0)))
  const lane = pacing.subscription(A)
  const order: string[] = []
  const checks = Array.from({ length: 10 }, () => lane.ready('writes').then(() => void order.push('check')))
  await expect(lane.ready('writes')).rejects.toMatchObject({ code: 'upstream_throttled' })
  const revoke = lane.ready('writes', true).then(() => void order.push('revoke'))
  await clock.run()
  await Promise.allSettled([...checks, revoke])
  expect(order.slice(0, 2)).toEqual(['revoke', 'check'])
})

describe('the limits that ARM answers', () => {
  test('are believed where they are lower than what we counted', async () => {
    const clock = lazyClock()
    const pacing = azurePacing(clock)
    await tell(pacing, answerWith(200, remaining(2, 3_000)))
    expect(await timesOf(() => pacing.toRegenerate(A), 4, clock)).toEqual([0, 0, 100, 200])
  })

  test('do not count for more than we know of: what was granted may not have been sent yet', async () => {
    const clock = lazyClock()
    const pacing = azurePacing(clock)
    await timesOf(() => pacing.toRegenerate(A), 200, clock)
    await tell(pacing, answerWith(200, remaining(150, 3_000)))
    expect(await timesOf(() => pacing.toRegenerate(A), 1, clock)).toEqual([100])
  })

  test('count for the whole subscription, too', async () => {
    const clock = lazyClock()
    const pacing = azurePacing(clock)
    await tell(pacing, answerWith(200, remaining(150, 1)))
    expect(await timesOf(() => pacing.toRegenerate(A), 2, clock)).toEqual([0, 100])
  })

  test('are those of one subscription: another goes on', async () => {
    const clock = lazyClock()
    const pacing = azurePacing(clock)
    await tell(pacing, answerWith(200, remaining(0, 3_000)))
    expect(await timesOf(() => pacing.toRegenerate(B), 2, clock)).toEqual([0, 0])
    expect(await timesOf(() => pacing.toRegenerate(A.toUpperCase()), 1, clock)).toEqual([100])
  })

  test('are an hourly allowance where nothing is said of the whole subscription', async () => {
    const clock = lazyClock()
    const pacing = azurePacing(clock)
    await tell(pacing, answerWith(200, remaining(1_199)))
    expect(await timesOf(() => pacing.toRegenerate(A), 1_199, clock)).toEqual(Array(1_199).fill(0))
    expect(await timesOf(() => pacing.toRegenerate(A), 2, clock)).toEqual([3_000, 6_000])
  })

  test('leave out the calls that are under way, of which they may not know', async () => {
    const clock = lazyClock()
    const pacing = azurePacing(clock)
    const { policy } = pacing.subscription(A)
    let answer: (of: ReturnType<typeof answerWith>) => void = () => undefined
    const slow = policy.sendRequest(
      { method: 'POST' },
      () =>
        new Promise<ReturnType<typeof answerWith>>((resolve) => {
          answer = resolve
        }),
    )
    await tell(pacing, answerWith(200, remaining(2, 3_000)))
    expect(await timesOf(() => pacing.toRegenerate(A), 2, clock)).toEqual([0, 100])
    answer(answerWith(200))
    await slow
  })

  test.each([
    ['seconds', '7', 7_000],
    ['a date', new Date(9_000).toUTCString(), 9_000],
    ['nothing', '', 1_000],
  ])('a 429 with %s in Retry-After stops the subscription for that long', async (_what, text, milliseconds) => {
    const clock = lazyClock()
    const pacing = azurePacing(clock)
    await tell(pacing, answerWith(429, { 'retry-after': text }))
    expect(await timesOf(() => pacing.toRegenerate(A), 1, clock)).toEqual([milliseconds])
    expect(await timesOf(() => pacing.toRegenerate(B), 1, clock)).toEqual([milliseconds])
  })

  test.each(['999999999', new Date('2096-01-01').toUTCString()])(
    'a Retry-After of %s stops it for an hour: nobody waits for years',
    async (text) => {
      const clock = lazyClock()
      const pacing = azurePacing(clock)
      await tell(pacing, answerWith(429, { 'retry-after': text }))
      expect(await timesOf(() => clock.sleep(3_570_000), 1, clock)).toEqual([3_570_000])
      expect(await timesOf(() => pacing.toRegenerate(A), 1, clock)).toEqual([3_600_000])
    },
  )

  test.each(['', '-1', 'many', '1e3'])('the header %j says nothing', async (text) => {
    const clock = lazyClock()
    const pacing = azurePacing(clock)
    await tell(pacing, answerWith(200, { 'x-ms-ratelimit-remaining-subscription-writes': text }))
    expect(await timesOf(() => pacing.toRegenerate(A), 1, clock)).toEqual([0])
  })

  test('an answer that never comes leaves nothing counted as under way', async () => {
    const clock = lazyClock()
    const pacing = azurePacing(clock)
    const { policy } = pacing.subscription(A)
    const lost = () => Promise.reject(new Error('reset'))
    await expect(policy.sendRequest({ method: 'POST' }, lost)).rejects.toThrow('reset')
    await tell(pacing, answerWith(200, remaining(1, 3_000)))
    expect(await timesOf(() => pacing.toRegenerate(A), 1, clock)).toEqual([0])
  })
})

test.each([
  ['buckets', 1_000, 80_000],
  ['hourly', 1_250, 150_000],
] as const)(
  'against ARM that counts in %s, %i writes are all taken, none is refused, and no time is lost',
  async (armLimits, count, idealMs) => {
    const clock = lazyClock()
    const pacing = azurePacing(clock)
    const arm = createLimits({
      switches: { ...azureSwitches, throttling: true, armLimits },
      now: () => clock.elapsed(),
    })
    let [next, refused] = [0, 0]
    const worker = async () => {
      while (next < count) {
        next += 1
        await pacing.toRegenerate(A)
        await pacing.subscription(A).policy.sendRequest({ method: 'POST' }, async () => {
          await clock.sleep(40)
          let headers: Record<string, string> = {}
          try {
            headers = arm('POST', 'rotator', A)
          } catch {
            refused += 1
          }
          await clock.sleep(40)
          return answerWith(200, headers)
        })
      }
    }
    const workers = Array.from({ length: 8 }, worker)
    await clock.run()
    await Promise.all(workers)
    expect(refused).toBe(0)
    expect(clock.elapsed()).toBeLessThan(1.05 * idealMs)
  },
)

test('2,900 creates take 1.05 times what the vault asks for or less, though they arrive unevenly', async () => {
  const clock = lazyClock()
  const pacing = azurePacing(clock)
  const arrivals: number[] = []
  let next = 0
  const worker = async () => {
    while (next < 2_900) {
      next += 1
      const wayMs = 10 + ((next * 37) % 90)
      await pacing.toPublish()
      await clock.sleep(wayMs)
      arrivals.push(clock.elapsed())
      await clock.sleep(100 - wayMs)
    }
  }
  const workers = Array.from({ length: 64 }, worker)
  await clock.run()
  await Promise.all(workers)
  const refused = arrivals.filter((at, index) => at - (arrivals[index - 300] ?? Number.NEGATIVE_INFINITY) < 10_000)
  expect(refused).toEqual([])
  // Ten times 300, the first of them at once.
  expect(clock.elapsed()).toBeLessThan(1.05 * 90_000)
})

describe('a window', () => {
  test('lets all of its limit go at once, and again when that is a span ago', async () => {
    const clock = lazyClock()
    const window = createWindow(clock, 'creates', { most: 2, spanMs: 1_000 })
    expect(await timesOf(() => window.take(), 5, clock)).toEqual([0, 0, 1_000, 1_000, 2_000])
  })

  test('counts each call by itself, wherever a span begins', async () => {
    const clock = lazyClock()
    const window = createWindow(clock, 'creates', { most: 2, spanMs: 1_000 })
    await timesOf(() => window.take(), 1, clock)
    await timesOf(() => clock.sleep(600), 1, clock)
    expect(await timesOf(() => window.take(), 3, clock)).toEqual([600, 1_000, 1_600])
  })

  test('sends away at once whom it would let wait for longer than half a minute', async () => {
    const clock = lazyClock()
    const window = createWindow(clock, 'creates', { most: 2, spanMs: 12_000 })
    expect(await timesOf(() => window.take(), 8, clock)).toEqual([
      'upstream_throttled',
      'upstream_throttled',
      0,
      0,
      12_000,
      12_000,
      24_000,
      24_000,
    ])
  })
})

test('no ten seconds of a vault see more than 300 creates, nor 4,000 other calls', async () => {
  const clock = lazyClock()
  const pacing = azurePacing(clock)
  const most = async (take: () => Promise<void>, count: number) => {
    const times = (await timesOf(take, count, clock)).map(Number)
    return Math.max(...times.map((from) => times.filter((time) => time >= from && time < from + 10_000).length))
  }
  expect(await most(pacing.toPublish, 800)).toBeLessThanOrEqual(300)
  expect(await most(() => pacing.vault.ready('reads'), 10_000)).toBeLessThanOrEqual(4_000)
})
