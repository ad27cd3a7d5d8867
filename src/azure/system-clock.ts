// The clock of this machine.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../common/clock.ts'

export const systemClock: Clock = {
  now: () => new Date(),
  elapsed: () => performance.now(),
  sleep: (milliseconds, signal) => sleep(milliseconds, undefined, signal ? { signal } : {}).catch(() => undefined),
}
