// A clock whose time passes only when everybody waits: a discrete-event simulation, exact to the millisecond.

import type { Clock } from '../../src/common/clock.ts'

interface Sleeper {
  readonly at: number
  readonly order: number
  readonly wake: () => void
}

export interface RunningClock extends Clock {
  /** Lets time pass until `work` is done. */
  run<T>(work: Promise<T>): Promise<T>
}

/** The SDKs wait before they try again, and give up after a while: on this clock then, and not on the machine's. */
function overtakeTimers(clock: Clock): void {
  const later = (work: () => void, milliseconds = 0) => void clock.sleep(milliseconds).then(work)
  globalThis.setTimeout = later as unknown as typeof setTimeout
  AbortSignal.timeout = (milliseconds) => {
    const controller = new AbortController()
    later(() => controller.abort(new DOMException('too late', 'TimeoutError')), milliseconds)
    return controller.signal
  }
}

/** Time of the machine, under the same interface. */
export const realClock: RunningClock = {
  now: () => new Date(),
  elapsed: () => performance.now(),
  sleep: (milliseconds) => new Promise((wake) => void setTimeout(wake, milliseconds)),
  run: (work) => work,
}

export function virtualClock(start: Date): RunningClock {
  const sleepers = heap()
  let now = 0
  let order = 0
  const clock: RunningClock = {
    now: () => new Date(start.getTime() + now),
    elapsed: () => now,
    sleep: (milliseconds) =>
      new Promise((wake) => {
        order += 1
        sleepers.push({ at: now + Math.max(0, milliseconds), order, wake })
      }),
    async run(work) {
      let done = false
      const end = () => {
        done = true
      }
      work.then(end, end)
      // Whoever was woken has said what it waits for next before the next one is woken.
      const settled = () => new Promise((resolve) => setImmediate(resolve))
      for (await settled(); !done; await settled()) {
        const first = sleepers.pop()
        if (!first) throw new Error('everybody waits, and nothing will happen')
        now = first.at
        first.wake()
        while (sleepers.first()?.at === now) sleepers.pop()?.wake()
      }
      return work
    },
  }
  overtakeTimers(clock)
  return clock
}

const isBefore = (a: Sleeper, b: Sleeper) => a.at < b.at || (a.at === b.at && a.order < b.order)

/** A binary heap: the earliest sleeper first, and of those of one instant the one that lay down first. */
function heap() {
  const items: Sleeper[] = []
  const at = (index: number) => items[index]
  const swap = (a: number, b: number) => {
    const [one, other] = [at(a), at(b)]
    if (one && other) [items[a], items[b]] = [other, one]
  }
  const before = (a: number, b: number): boolean => {
    const [one, other] = [at(a), at(b)]
    return one !== undefined && other !== undefined && isBefore(one, other)
  }
  const sink = () => {
    for (let parent = 0; ; ) {
      const left = 2 * parent + 1
      const least = before(left + 1, left) ? left + 1 : left
      if (!before(least, parent)) return
      swap(least, parent)
      parent = least
    }
  }
  return {
    first: () => at(0),
    push(item: Sleeper) {
      items.push(item)
      for (let child = items.length - 1; child > 0; ) {
        const parent = (child - 1) >> 1
        if (!before(child, parent)) return
        swap(child, parent)
        child = parent
      }
    },
    pop(): Sleeper | undefined {
      const [first] = items
      const last = items.pop()
      if (items.length > 0 && last) {
        items[0] = last
        sink()
      }
      return first
    },
  }
}
