// One scenario: a fleet, what is asked of it, and under which conditions; what it took.

import type { InvocationContext } from '@azure/functions'
import { azurePacing } from '../src/azure/pacing.ts'
import { parseAccountId } from '../src/common/account.ts'
import { checkAccountHandler } from '../src/functions/check-account.ts'
import { checkAccount } from '../src/rotation/check-account.ts'
import { proveKey } from '../src/rotation/prove.ts'
import { type Concurrency, createQueue } from './host.ts'
import { createSdk } from './sdk.ts'
import { realClock, virtualClock } from './virtual-clock.ts'
import { type CallKind, createWire } from './wire.ts'
import { createPorts, createWorld, publishedOf, SUBSCRIPTION } from './world.ts'

const DAY = 86_400_000
const START = new Date('2026-02-01T12:00:00Z')
/** Of ARM, Key Vault and the token service, in milliseconds. */
export const LATENCY_MS = 80
/** Of the host's storage, which is in the same region, in milliseconds. */
export const STORAGE_MS = 5

export interface Scenario {
  readonly accounts: number
  readonly work: 'rotation' | 'check'
  readonly concurrency: Concurrency
  readonly clock: 'virtual' | 'real'
  /** Between the three exchanges that prove a key, in milliseconds; the default of the settings is 2,000. */
  readonly spacingMs: number
  readonly throttled: boolean
  /**
   * `keystile`: pacing, writes sent once, the queue behind it. `plain`: each call tried four times as the SDKs do it,
   * no pacing, no queue to come back to. `free`: writes sent once, nothing to pace for.
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
  const { accounts, work, concurrency, spacingMs, throttled, way } = scenario
  const began = performance.now()
  const clock = scenario.clock === 'real' ? realClock : virtualClock(START)
  const world = createWorld(accounts, clock.now(), work === 'rotation' ? 90 * DAY : 5 * DAY)
  const before = new Map([...world.entries].map(([id, entry]) => [id, publishedOf(entry)]))
  const wire = createWire(clock, { latencyMs: LATENCY_MS, storageMs: STORAGE_MS, throttled })
  const send = createSdk(clock, wire)
  const pacing = way === 'keystile' ? azurePacing(clock) : undefined
  const lanes = pacing ? { arm: pacing.subscription(SUBSCRIPTION), vault: pacing.vault } : {}
  const { judge, ...ports } = createPorts(world, { send, clock, writeRetries: way === 'plain' ? 3 : 0, ...lanes })
  const check = checkAccount({
    ...ports,
    timing: { writeDeadlineMs: 30_000, quarantineMs: 90_000 },
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
  const queue = createQueue(clock, send)
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

  for (const account of world.entries.keys()) queue.send({ account })
  const from = clock.elapsed()
  const givenUp = await clock.run(queue.drain(run, concurrency))
  const seconds = (clock.elapsed() - from) / 1_000
  const stale = [...world.entries].filter(([id, entry]) => publishedOf(entry) === before.get(id))
  return {
    seconds,
    sent: wire.sent,
    refused: wire.refused,
    lost: work === 'rotation' ? stale.length : givenUp,
    peakMegabytes: process.resourceUsage().maxRSS / 1_024,
    machineSeconds: (performance.now() - began) / 1_000,
  }
}
