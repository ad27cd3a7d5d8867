// The Functions host as far as a queue trigger goes: what is taken when, how much at once, and what comes again.

import type { Clock } from '../../src/common/clock.ts'
import type { CheckMessage } from '../../src/rotation/ports.ts'
import type { Wire } from './wire.ts'

interface Waiting {
  readonly message: CheckMessage
  readonly visibleAt: number
  readonly tries: number
}

/**
 * How much is in work at once. `pool`: always so many, which is the ideal. `host`: the next batch is fetched when no
 * more than `threshold` of the last ones are in work, as the host does it.
 */
export type Concurrency =
  | { readonly kind: 'pool'; readonly size: number }
  | { readonly kind: 'host'; readonly batch: number; readonly threshold: number }

export interface Queue {
  send(message: CheckMessage, delayMs?: number): void
  /** Until nothing is waiting and nothing in work. @returns how many messages were given up. */
  drain(run: (message: CheckMessage) => Promise<void>, how: Concurrency): Promise<number>
}

/** From host.json. */
const MOST_TRIES = 5
const VISIBILITY_MS = 10_000

export function createQueue(clock: Clock, wire: Wire): Queue {
  const ready: Waiting[] = []
  let head = 0
  let later: Waiting[] = []
  const put = (item: Waiting) => void (item.visibleAt <= clock.elapsed() ? ready : later).push(item)
  const left = () => ready.length - head + later.length

  /** What is visible now, oldest first. */
  const take = (most: number): Waiting[] => {
    const now = clock.elapsed()
    const due = later.filter(({ visibleAt }) => visibleAt <= now)
    if (due.length > 0) {
      later = later.filter(({ visibleAt }) => visibleAt > now)
      ready.push(...due)
    }
    const taken = ready.slice(head, head + most)
    head += taken.length
    return taken
  }

  return {
    send: (message, delayMs = 0) => put({ message, visibleAt: clock.elapsed() + delayMs, tries: 0 }),
    async drain(run, how) {
      let lost = 0
      const inWork = new Set<Promise<void>>()
      const begin = (item: Waiting) => {
        const work = run(item.message)
          .catch(() => {
            const tries = item.tries + 1
            if (tries < MOST_TRIES) put({ ...item, tries, visibleAt: clock.elapsed() + VISIBILITY_MS })
            else lost += 1
          })
          .finally(() => inWork.delete(work))
        inWork.add(work)
      }
      while (left() > 0 || inWork.size > 0) {
        const room = how.kind === 'pool' ? how.size - inWork.size : inWork.size <= how.threshold ? how.batch : 0
        const batch = room > 0 ? take(room) : []
        // A pool is handed its messages; the host asks for them.
        if (batch.length > 0 && how.kind === 'host') await wire.call('queue', '', () => '')
        for (const item of batch) begin(item)
        if (batch.length > 0) continue
        const next = Math.min(...later.map(({ visibleAt }) => visibleAt))
        const nap = room > 0 && Number.isFinite(next) ? [clock.sleep(Math.max(1, next - clock.elapsed()))] : []
        await Promise.race([...inWork, ...nap])
      }
      return lost
    },
  }
}
