// The whole thing for one test file: Azurite, the stand-in, and both apps as processes of their own on a scaled policy.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { QueueServiceClient } from '@azure/storage-queue'
import type { Entry } from '../../local/azure/world.ts'
import { pointAtAzure } from '../../local/point-at-azure.ts'
import { type Stack, type StackOptions, startStack } from '../../local/stack.ts'
import { demoSeed } from './azure.ts'
import { watchAnswers } from './watched-fetch.ts'

/** Seconds stand for days. The schedule is every second. */
export const secondsPolicy = {
  KEYSTILE_SCHEDULE: '* * * * * *',
  KEYSTILE_ROTATE_EVERY: 'PT1S',
  KEYSTILE_GRACE: 'PT1S',
  KEYSTILE_MIN_GRACE: 'PT1S',
  KEYSTILE_MIN_ROTATE_EVERY: 'PT1S',
  KEYSTILE_CLOCK_SKEW: 'PT0S',
  KEYSTILE_PROOF_SPACING: 'PT0S',
  KEYSTILE_SETTLE: 'PT1S',
}

/** A test asks in seconds, as one caller, what many would ask in hours. */
const unhurried = { KEYSTILE_RATE_PER_MINUTE: '999999', KEYSTILE_RATE_BURST: '999999' }

const QUEUES = ['keystile-checks', 'keystile-requests', 'keystile-near-expiry']

export interface TestStack extends Stack {
  /** Every line that either app wrote, with its name in front. */
  readonly lines: readonly string[]
  /** Every key that any account has had since the start, and every client secret. */
  secrets(): string[]
}

export async function startTestStack(options: Partial<StackOptions> = {}): Promise<TestStack> {
  const folder = await mkdtemp(join(tmpdir(), 'keystile-stack-'))
  const lines: string[] = []
  const onLine = (line: string, app: string) => void lines.push(`${app} ${line}`)
  const rotator = { ...unhurried, ...(options.rotator ?? secondsPolicy) }
  const vendor = { ...unhurried, ...options.vendor }
  const stack = await startStack({ seed: demoSeed(), folder, onLine, ...options, rotator, vendor })
  // The listeners of the apps make them as well, at their own pace: a test may be quicker.
  const storage = QueueServiceClient.fromConnectionString(stack.storage.connectionString)
  for (const name of QUEUES) await storage.getQueueClient(name).createIfNotExists()
  const restore = await pointAtAzure(stack.azure)
  const unwatch = watchAnswers({ [stack.vendor.url]: 'vendor', [stack.rotator.url]: 'rotator' })
  const keys = new Set<string>()
  const collect = () => {
    for (const account of stack.azure.world.accounts.values())
      for (const key of Object.values(account.keys)) keys.add(key.value)
  }
  collect()
  const watcher = setInterval(collect, 50)
  return {
    ...stack,
    lines,
    secrets: () => {
      collect()
      const callers = stack.azure.world.seed.callers.map(({ name }) => stack.azure.clientSecret(name))
      return [...keys, ...callers]
    },
    close: async () => {
      clearInterval(watcher)
      unwatch()
      restore()
      await stack.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Of which the rotator adopts each account at once, and then leaves it alone. */
export async function startAdoptedStack(): Promise<TestStack> {
  const stack = await startTestStack({
    rotator: { KEYSTILE_SCHEDULE: '* * * * * *', KEYSTILE_PROOF_SPACING: 'PT0S', KEYSTILE_SETTLE: 'PT0S' },
  })
  try {
    await until(
      'five accounts are published',
      () => stack.azure.journal.since(0).entries.filter(({ event }) => event === 'published').length >= 5,
    )
    return stack
  } catch (error) {
    await stack.close()
    throw error
  }
}

/** Looks until there is something, every 50 ms. @throws Error after `limitMs` with what was waited for. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  limitMs = 20_000,
): Promise<T> {
  const end = Date.now() + limitMs
  while (Date.now() < end) {
    const seen = await look()
    if (seen) return seen
    await sleep(50)
  }
  throw new Error(`waited ${limitMs} ms in vain: ${what}`)
}

export const publicationsOf = ({ azure }: Stack, account: string): Entry[] =>
  azure.journal.since(0).entries.filter((entry) => entry.event === 'published' && entry.account === account)
