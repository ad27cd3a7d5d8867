// One account of its own for each test of drift: published, rotated once, and then left to whoever breaks it.

import { accountId as armId, makeKeyValue, type SecretVersion, type Slot } from '../../local/azure/world.ts'
import { callService } from '../../local/client.ts'
import type { AccountId } from '../../src/common/account.ts'
import { tag } from '../../src/common/record.ts'
import type { Request } from '../../src/rotation/plan.ts'
import type { Report } from '../../src/rotation/run.ts'
import { demoSeed, startTestAzure, type TestAzure } from './azure.ts'
import { type Executor, type ExecutorOptions, startExecutor } from './drift-executor.ts'
import { accountOf, secretOf } from './drift-human.ts'
import { accountId } from './rotation.ts'

const HOUR = 3_600_000
const MINUTE = 60_000
/** Due after an hour, with a minute of grace: tests move the versions into the past instead of waiting. */
const policy = { rotateEveryMs: HOUR, graceMs: MINUTE, minRotateEveryMs: MINUTE }
export const DUE_SECONDS = 3_700
const OUT_OF_GRACE_SECONDS = 120
/** What happens next is in another second: versions of one second have no order. */
export const A_WHILE_SECONDS = 5

export interface Drift {
  readonly azure: TestAzure
  /** The one deployment that looks after everything, unless a test starts another. */
  readonly executor: Executor
  start(options?: ExecutorOptions): Executor
  close(): Promise<void>
}

export async function startDrift(): Promise<Drift> {
  const seed = demoSeed()
  const scope = `/subscriptions/${seed.subscriptions[0]?.id}`
  for (const identity of seed.identities)
    if (identity.name === 'rotator')
      identity.grants = ['subscriptions', 'accounts', 'vault'].map((part) => ({ scope, role: `rotator.${part}` }))
  const azure = await startTestAzure({ seed })
  const start = (options: ExecutorOptions = {}) => startExecutor(azure, { policy, ...options })
  return { azure, start, executor: start(), close: () => azure.close() }
}

/** Makes an account with keys of its own, or makes it anew. Its secret, if there is one, stays as it is. */
export function makeAccount({ azure }: Drift, name: string, resourceGroup = 'ai'): AccountId {
  const { seed, accounts } = azure.world
  const subscription = seed.subscriptions[0]?.id ?? ''
  const id = armId(subscription, resourceGroup, name)
  const key = () => ({ value: makeKeyValue(84), worksFrom: 0 })
  accounts.set(id.toLowerCase(), {
    subscription,
    resourceGroup,
    name,
    id,
    kind: 'SpeechServices',
    sku: 'S0',
    location: 'westus2',
    customSubDomain: name,
    tags: { keystile: 'rotate' },
    provisioningState: 'Succeeded',
    keyLength: 84,
    createdAt: Date.now(),
    keys: { key1: key(), key2: key() },
  })
  return accountId(id)
}

export interface Scene {
  readonly name: string
  readonly id: AccountId
  check(request?: Request): Promise<Report>
  versions(): readonly SecretVersion[]
  /** The tags of the newest version. */
  tags(): Readonly<Record<string, string>>
  /** Which key of the account the newest version holds. */
  holds(): Slot | undefined
  /** Slots that the rotator regenerated since the scene began. */
  regenerated(): readonly unknown[]
  /** What the service answers to an application that uses the newest version. */
  use(): Promise<number>
  /** Moves all that was published into the past, as if so much time had gone by. */
  age(seconds: number): void
}

/** An account that was adopted with key1, and rotated to key2 a moment ago. */
export async function settled(drift: Drift, name: string): Promise<Scene> {
  const id = makeAccount(drift, name)
  const before = lookAt(drift, id)
  await before.check()
  before.age(OUT_OF_GRACE_SECONDS)
  const { did } = await before.check()
  if (did.join() !== 'regenerate key2,publish key2') throw new Error(`${name} did not rotate: ${did.join()}`)
  before.age(A_WHILE_SECONDS)
  return lookAt(drift, id)
}

/** The scene as it is, from now on. */
export function lookAt(drift: Drift, id: AccountId): Scene {
  const { azure, executor } = drift
  const name = id.name.toLowerCase()
  const since = azure.journal.since(0).next
  const newest = () => {
    const version = secretOf(azure, name)?.versions.at(-1)
    if (!version) throw new Error(`${name} has no version`)
    return version
  }
  return {
    name,
    id,
    check: (request) => executor.check(id, request),
    versions: () => structuredClone(secretOf(azure, name)?.versions ?? []),
    tags: () => newest().tags,
    holds: () => {
      const { keys } = accountOf(azure, id)
      return (['key1', 'key2'] as const).find((slot) => keys[slot].value === newest().value)
    },
    regenerated: () =>
      azure.journal
        .since(since)
        .entries.filter(
          ({ event, account, principal }) => event === 'regenerated' && account === id.name && principal === 'rotator',
        )
        .map(({ slot }) => slot),
    use: () => callService({ kind: 'SpeechServices', region: 'westus2' }, { kind: 'key', key: newest().value }),
    age: (seconds) => {
      const { versions } = secretOf(azure, name) ?? { versions: [] }
      for (const [index, version] of versions.entries()) versions[index] = older(version, seconds)
    },
  }
}

function older(version: SecretVersion, seconds: number): SecretVersion {
  const at = version.tags[tag.publishedAt]
  const earlier = at && new Date(Date.parse(at) - seconds * 1_000).toISOString()
  return {
    ...version,
    created: version.created - seconds,
    updated: version.updated - seconds,
    tags: earlier ? { ...version.tags, [tag.publishedAt]: earlier } : version.tags,
  }
}
