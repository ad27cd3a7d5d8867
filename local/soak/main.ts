// `npm run soak -- --minutes 10 [--seed 1]`: callers vend and use tokens while every account rotates, every service
// fails in turns, and somebody breaks keys by hand. Exit code 1 when a promise is broken.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { runCommand, unlessStopped } from '../command.ts'
import { pointAtAzure } from '../point-at-azure.ts'
import { localFolder, openLocalFolder } from '../run-file.ts'
import { seeded } from '../seeded.ts'
import { type Stack, startStack } from '../stack.ts'
import { ageSlowOnes } from './ages.ts'
import { allowances } from './allowances.ts'
import { actByHand, PEOPLE } from './by-hand.ts'
import { noCounts, runCaller } from './callers.ts'
import { breakRotator, breakVendor } from './faults.ts'
import { CALLERS, placeOf, rotatorSettings, SCALED, soakSeed, switches, vendorSettings } from './fleet.ts'
import { breakLeases } from './leases.ts'
import { megabytesOf } from './memory.ts'
import { type Observed, observe } from './observed.ts'
import { render, shortfalls } from './report.ts'
import type { Soak } from './soak.ts'

const USAGE = `usage: npm run soak -- [--minutes 1] [--seed <whole number>]
The same seed chooses the same faults again. Without one, it draws one and says it.`

const WARM_WITHIN_MS = 60_000
const PACE_MS = 400
/** What a vendor remembers of the last fault is over by then. */
const CALM_MS = 10_000

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string', default: String(Date.now() % 1e6) } },
  })
  const [minutes, seed] = [Number(values.minutes), Number(values.seed)]
  if (!(minutes > 0) || !Number.isInteger(seed)) throw new Error('--minutes is a number above 0, --seed a whole one')
  return unlessStopped((signal) => begin(minutes, seed, signal))
}

async function begin(minutes: number, seed: number, signal: AbortSignal): Promise<number> {
  await openLocalFolder()
  console.log(`seed ${seed}; scaled: ${SCALED.join('; ')}`)
  let observed: Observed | undefined
  let breakLease: ((line: string) => void) | undefined
  const azureSeed = soakSeed()
  const stack = await startStack({
    seed: azureSeed,
    folder: join(localFolder, 'soak'),
    azure: { switches: switches(azureSeed) },
    rotator: rotatorSettings,
    vendor: vendorSettings,
    signal,
    onLine: (line) => {
      observed?.hear(line)
      breakLease?.(line)
    },
  })
  const restore = await pointAtAzure(stack.azure)
  try {
    observed = observe(stack.azure)
    const [vault] = stack.azure.world.vaults.values()
    breakLease = breakLeases(stack.storage, new URL(vault?.url ?? '').hostname)
    return await run(stack, observed, { minutes, seed, signal })
  } finally {
    restore()
    await stack.close()
  }
}

async function run(
  stack: Stack,
  observed: Observed,
  { minutes, seed, signal }: { minutes: number; seed: number; signal: AbortSignal },
): Promise<number> {
  const { azure, vendor, rotator } = stack
  const { accounts, tenantId, api, callers } = azure.world.seed
  const [vault] = azure.world.vaults.values()
  const names = accounts.map(({ name }) => name)
  const random = seeded(seed)
  const counts = noCounts()
  const [calm, stop] = [new AbortController(), new AbortController()]
  const soak: Soak = {
    azure,
    vaultUrl: vault?.url ?? '',
    names,
    observed,
    allowances: allowances(),
    busy: new Set(),
    random,
    signal: AbortSignal.any([calm.signal, signal]),
    deeds: new Map(),
    disabled: new Map(),
    outages: [],
  }
  await waitUntil('every account is published', soak, () => names.every((name) => observed.publishedAt(name) > 0))
  ageSlowOnes(soak)

  const targets = accounts.map(placeOf)
  const running = callers.slice(0, CALLERS).map(({ name, clientId }) => {
    const clientSecret = azure.clientSecret(name)
    const registration = { tenantId, audience: api.appIdUri, clientId, clientSecret }
    const end = AbortSignal.any([stop.signal, signal])
    const shared = { vendorUrl: vendor.url, allowances: soak.allowances, counts, paceMs: PACE_MS, random }
    return runCaller({ ...shared, registration, targets, signal: end })
  })
  // Without a token in its cache, a vendor cannot do without the token service.
  await waitUntil('every account is vended', soak, () => counts.vended.size === names.length)
  const before = { vendor: megabytesOf(vendor), rotator: megabytesOf(rotator) }

  const trouble = [breakRotator(soak), breakVendor(soak), ...PEOPLE.map((plan) => actByHand(soak, plan))]
  await sleep(minutes * 60_000, undefined, { signal })
  calm.abort()
  await Promise.all(trouble)
  await sleep(CALM_MS, undefined, { signal })
  const after = { vendor: megabytesOf(vendor), rotator: megabytesOf(rotator) }
  stop.abort()
  await Promise.all(running)

  observed.read()
  const told = { soak, seconds: minutes * 60, counts, before, after }
  console.log(render(told))
  const short = shortfalls(told)
  for (const each of short.slice(0, 20)) console.error(each)
  if (short.length > 20) console.error(`… and ${short.length - 20} more`)
  console.log(short.length === 0 ? 'every promise was kept' : `${short.length} promises were broken (seed ${seed})`)
  return short.length === 0 ? 0 : 1
}

async function waitUntil(what: string, { observed, signal }: Soak, done: () => boolean): Promise<void> {
  const end = Date.now() + WARM_WITHIN_MS
  while (!done()) {
    if (Date.now() > end) throw new Error(`waited a minute in vain until ${what}`)
    await sleep(100, undefined, { signal })
    observed.read()
  }
}

await runCommand(USAGE, main)
