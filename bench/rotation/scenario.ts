// One scenario: a fleet, what is asked of it, and under which conditions; what it took.

import type { InvocationContext } from '@azure/functions'
import { azurePacing } from '../../src/azure/pacing.ts'
import { parseAccountId } from '../../src/common/account.ts'
import { checkAccountHandler } from '../../src/functions/check-account.ts'
import { checkAccount } from '../../src/rotation/check-account.ts'
import { proveKey } from '../../src/rotation/prove.ts'
import { type Concurrency, createQueue } from './host.ts'
import { createPlainPorts, createPorts } from './sdk.ts'
import { realClock, virtualClock } from './virtual-clock.ts'
import { type CallKind, createWire } from './wire.ts'
import { createWorld, isRotated } from './world.ts'

const DAY = 86_400_000
const START = new Date('2026-02-01T12:00:00Z')
/** Of ARM, Key Vault and the token service, in milliseconds. */
export const LATENCY_MS = 80
/** Of the host's storage, which is in the same region, in milliseconds. */
export const STORAGE_MS = 5

export interface Scenario {
  readonly accounts: number
  /** Over which the accounts are spread evenly; their keys go to one vault. */
  readonly subscriptions: number
  readonly work: 'rotation' | 'check'
  readonly concurrency: Concurrency
  readonly clock: 'virtual' | 'real'
  /** Between the three exchanges that prove a key, in milliseconds; the default of the settings is 2,000. */
  readonly spacingMs: number
  readonly throttled: boolean
  /**
   * `keystile`: as the app is wired. `free`: the same without pacing, where there is nothing to pace for. `plain`: the
   * same steps over clients of the SDKs as they come, with their own retries; no pacing, no queue to come back to.
   */
  readonly way: 'keystile' | 'plain' | 'free'
}

export interface Result {
  readonly seconds: number
  readonly sent: Readonly<Record<CallKind, number>>
  readonly refused: Readonly<Record<CallKind, number>>
  /** Accounts whose published key is not a new one, or whose message was given up. */
  readonly lost: number
  /** Of the whole process: the simulated Azure is in it. */
  readonly peakMegabytes: number
  /** Of the machine, for what took `seconds` on the virtual clock. */
  readonly machineSeconds: number
}

export async function play(scenario: Scenario): Promise<Result> {
  const { accounts, subscriptions, work, concurrency, spacingMs, throttled, way } = scenario
  const began = performance.now()
  const clock = scenario.clock === 'real' ? realClock : virtualClock(START)
  const ageMs = (work === 'rotation' ? 90 : 5) * DAY
  const world = createWorld({ accounts, subscriptions, ageMs, now: clock.now })
  const wire = createWire(clock, { latencyMs: LATENCY_MS, storageMs: STORAGE_MS, throttled })
  const pacing = way === 'keystile' ? azurePacing(clock) : undefined
  const { judge, ...ports } =
    way === 'plain' ? createPlainPorts(world, wire, clock) : createPorts(world, wire, clock, pacing)
  const check = checkAccount({
    ...ports,
    timing: { writeDeadlineMs: 30_000, quarantineMs: 90_000, beginWithinMs: 264_000 },
    clock,
    ...(pacing ? { pacing } : {}),
    prove: proveKey({ judge, clock, terms: { windowMs: 180_000, spacingMs, settleMs: 120_000 } }),
    policy: {
      rotateEveryMs: 30 * DAY,
      graceMs: 2 * DAY,
      minGraceMs: 0,
      minRotateEveryMs: 0,
      maxRotateEveryMs: 365 * DAY,
    },
    mode: 'apply',
    checkEveryMs: 3_600_000,
    termsOf: () => ({ enrolled: true, publisher: 'prod', takeOver: false, keyless: false, skewMs: 60_000 }),
    secretNameOf: ({ name }) => name,
  })
  const queue = createQueue(clock, wire)
  const handle = checkAccountHandler({
    find: async (named) => ('account' in named ? parseAccountId(named.account) : undefined),
    checks: { send: async (message, delayMs) => queue.send(message, delayMs) },
    check,
    covers: () => false,
    clock,
  })
  const quiet = { info: () => undefined, error: () => undefined } as unknown as InvocationContext
  const run = async (message: object) => {
    if (way !== 'plain') return void (await handle(message, quiet))
    const id = parseAccountId('account' in message ? String(message.account) : '')
    // A script that goes through a list: what fails is told, and the next one is done.
    if (id) await check(id, { kind: 'check' }).catch(() => undefined)
  }

  for (const { id } of world.entries) queue.send({ account: id })
  const from = clock.elapsed()
  const givenUp = await clock.run(queue.drain(run, concurrency))
  const seconds = (clock.elapsed() - from) / 1_000
  const stale = world.entries.filter((entry) => !isRotated(entry))
  return {
    seconds,
    sent: wire.sent,
    refused: wire.refused,
    lost: work === 'rotation' ? stale.length : givenUp,
    peakMegabytes: process.resourceUsage().maxRSS / 1_024,
    machineSeconds: (performance.now() - began) / 1_000,
  }
}
