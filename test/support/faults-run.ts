// Runs one cell of the fault matrix: applications call without pause, a run meets its fault, and one more may follow.

import { setTimeout as sleep } from 'node:timers/promises'
import { actionsOf } from '../../local/azure/authorisation.ts'
import type { Seed } from '../../local/azure/seed.ts'
import { accountId as armId } from '../../local/azure/world.ts'
import { AppError } from '../../src/common/errors.ts'
import { readRecord } from '../../src/common/record.ts'
import { fingerprintOf, Secret } from '../../src/common/secret.ts'
import { demoSeed, type TestAzure } from './azure.ts'
import { type Executor, leaseInMemory, PUBLISHER, startExecutor } from './drift-executor.ts'
import { accountOf, human, secretOf } from './drift-human.ts'
import { type Cell, cells, faultOf, isDefinite, isSilent } from './faults.ts'
import { startConsumers } from './faults-consumers.ts'
import { accountId } from './rotation.ts'

/** Longer than a cell takes: a key that was replaced in it is in grace to its end. */
export const GRACE_MS = 4_000
/** How long a call may take in a run that meets a fault: a call that hangs must not last. */
const HURRY_MS = 350
/** Enough for an SDK that would send a write again to be caught at it. */
const TIME_TO_RETRY_MS = 2_000
const LEASE_MS = 60
const QUARANTINE_MS = 300
/** Within the quarantine: what a run that did not wait would have published by then dies. */
const LANDS_AFTER_MS = 230
const PACE_MS = 20
const PLACE = { kind: 'SpeechServices', region: 'westus2' }

export interface Bench {
  readonly azure: TestAzure
  /** Has little time for a proof; for the run that meets the fault. */
  readonly hurried: Executor
  /** Has all the time of the product, so that a busy machine is no fault; for the run after. */
  readonly patient: Executor
  readonly lease: ReturnType<typeof leaseInMemory>
  /** What applications read Key Vault with. */
  readonly applicationToken: string
  /** Cuts every time limit of an adapter to this; `undefined` cuts none. */
  readonly cutLimits: (milliseconds: number | undefined) => void
}

/** What became of a cell. */
export interface Told {
  /** Runs until the account was healthy. */
  readonly checks: number
  /** Promises that were broken, in words. */
  readonly broken: readonly string[]
  /** Accepted calls of applications. */
  readonly calls: number
}

/** The seed of the demo with an account for each cell, which the rotator may rotate. */
export function matrixSeed(): Seed {
  const seed = demoSeed()
  const [home] = seed.subscriptions
  if (!home) throw new Error('the seed has no subscription')
  const scope = `/subscriptions/${home.id}`
  return {
    ...seed,
    accounts: cells.map(({ account: name }) => ({
      subscription: home.id,
      resourceGroup: 'ai',
      name,
      kind: PLACE.kind,
      sku: 'S0',
      location: PLACE.region,
      tags: { keystile: 'rotate' },
      provisioningState: 'Succeeded',
      keyLength: 84,
    })),
    identities: seed.identities.map((identity) =>
      identity.name === 'rotator'
        ? {
            ...identity,
            grants: ['subscriptions', 'accounts', 'vault'].map((part) => ({ scope, role: `rotator.${part}` })),
          }
        : identity,
    ),
  }
}

export async function startBench(azure: TestAzure, cutLimits: Bench['cutLimits']): Promise<Bench> {
  const lease = leaseInMemory(LEASE_MS)
  const start = (windowMs: number) =>
    startExecutor(azure, {
      lease,
      policy: { graceMs: GRACE_MS },
      proof: { windowMs, spacingMs: 20 },
      timing: { writeDeadlineMs: 10_000, quarantineMs: QUARANTINE_MS, beginWithinMs: 264_000 },
    })
  const { token } = await azure.entra.mint({ kind: 'identity', identity: 'app', resource: 'https://vault.azure.net' })
  return {
    azure,
    lease,
    cutLimits,
    applicationToken: token,
    hurried: start(250),
    patient: start(5_000),
  }
}

/**
 * Gives every account that is to be rotated its first version, and waits until it is due. Both executors are then known
 * to the vault, so that no cell has a call that the others have not.
 */
export async function publishAll(bench: Bench): Promise<void> {
  const ids = cells.filter(({ row }) => row.job === 'rotate').map(({ account }) => idOf(bench, account))
  const publish = async ({ check }: Executor, from: number) => {
    for (let next = from; next < ids.length; next += 2) {
      const id = ids[next]
      if (id) await check(id)
    }
  }
  await Promise.all([publish(bench.hurried, 0), publish(bench.patient, 1)])
  await sleep(GRACE_MS + 2_000)
}

export const idOf = ({ azure }: Pick<Bench, 'azure'>, name: string) =>
  accountId(armId(azure.world.seed.subscriptions[0]?.id ?? '', 'ai', name))

export async function runCell(bench: Bench, cell: Cell): Promise<Told> {
  const { azure, lease } = bench
  const { account, row } = cell
  const id = idOf(bench, account)
  const since = azure.journal.since(0).next
  const broken: string[] = []
  const applications = startConsumers({
    token: bench.applicationToken,
    secret: account,
    service: PLACE,
    holdMs: [0, 150, GRACE_MS],
    paceMs: PACE_MS,
  })
  const check = ({ check: run }: Executor) =>
    run(id).catch((error: unknown) => {
      if (!(error instanceof AppError)) broken.push('what was thrown may hold what an upstream said')
      return undefined
    })

  const heal = spoil(azure, cell)
  bench.cutLimits(row.writes && !isSilent(cell.column) ? TIME_TO_RETRY_MS : HURRY_MS)
  await check(bench.hurried)
  bench.cutLimits(undefined)
  heal()
  const sent = azure.journal.since(since).entries.filter(({ route }) => route === row.route).length
  if (row.writes && sent !== 1) broken.push(`a write was sent ${sent} times`)
  if (!wasHit(azure, cell, since)) broken.push('the fault was not met')
  const leaves = row.writes && !isDefinite(cell.column)
  if (lease.wasLeft(account) !== leaves) broken.push(leaves ? 'the lease was given back' : 'the lease was left behind')

  let checks = 1
  if ((await complaints(bench, cell)).length > 0) {
    const landing = cell.column.fault === 'lands-late' ? land(bench, cell, since) : undefined
    await sleep(LEASE_MS)
    await check(bench.patient)
    await landing
    checks = 2
  }
  broken.push(...(await complaints(bench, cell)))
  await sleep(lease.wasLeft(account) ? LEASE_MS : 0)
  const steady = await check(bench.patient)
  if (steady?.outcome.kind !== 'waiting') broken.push('a further check does not rest')

  // What was adopted a moment ago is used at least once.
  for (let tries = 0; applications.calls() === 0 && tries < 100; tries += 1) await sleep(PACE_MS)
  const { calls, refused } = await applications.stop()
  broken.push(...refused)
  if (calls === 0) broken.push('no application made a call')
  const happened = azure.journal.since(since).entries.filter((entry) => entry.account === account)
  const slotsOf = (what: string) => happened.flatMap(({ event, slot }) => (event === what ? [slot] : [])).join()
  const [regenerated, published] = row.job === 'rotate' ? ['key2', 'key2'] : ['', 'key1']
  // Also where an answer was lost: what did happen is seen, and not done again.
  if (slotsOf('regenerated') !== regenerated) broken.push(`regenerated: ${slotsOf('regenerated')}`)
  if (slotsOf('published') !== published) broken.push(`published: ${slotsOf('published')}`)
  if (happened.some(({ event, worked }) => event === 'published' && worked !== true))
    broken.push('a key was published that did not work yet')
  return { checks, broken, calls }
}

/** What keeps the account from being healthy, and its work from being finished. */
async function complaints(bench: Bench, { account, row }: Cell): Promise<string[]> {
  const { azure, patient } = bench
  const newest = secretOf(azure, account)?.versions.at(-1)
  if (!newest) return ['nothing is published']
  const record = readRecord(newest.tags)
  const { keys } = accountOf(azure, idOf(bench, account))
  const slot = row.job === 'rotate' ? 'key2' : 'key1'
  const key = Secret.of(newest.value)
  const verdict = await patient.tokens.judge({ region: PLACE.region }, key)
  return [
    ...(record.publisher === PUBLISHER && record.fingerprint === fingerprintOf(key) ? [] : ['the newest is not ours']),
    ...(keys[slot].value === newest.value && record.credentialId === slot ? [] : [`the newest is not ${slot}`]),
    ...(verdict.kind === 'accepted' ? [] : [`the token service: ${verdict.kind}`]),
  ]
}

/** @returns what takes the fault away again. */
function spoil(azure: TestAzure, cell: Cell): () => void {
  const fault = faultOf(cell)
  if (fault) {
    azure.faults.add(fault)
    return () => azure.faults.clear()
  }
  const rotator = azure.world.seed.identities.find(({ name }) => name === 'rotator')
  if (!rotator) throw new Error('the seed has no rotator')
  const { grants } = rotator
  rotator.grants = grants.map((grant) => ({
    scope: grant.scope,
    actions: ('role' in grant ? actionsOf(grant.role) : grant.actions).filter((each) => !/setSecret/.test(each)),
  }))
  return () => {
    rotator.grants = grants
  }
}

function wasHit(azure: TestAzure, { row: { route } }: Cell, since: number): boolean {
  const calls = azure.journal.since(since).entries.filter((entry) => entry.route === route)
  return calls.some(({ fault, status }) => fault !== undefined || status === 403)
}

/** The lost regenerate happens after all: once another key is published, or else in time before its quarantine ends. */
async function land(bench: Bench, { account }: Cell, since: number): Promise<void> {
  const { azure } = bench
  const end = performance.now() + LANDS_AFTER_MS
  const published = () =>
    azure.journal.since(since).entries.some((entry) => entry.event === 'published' && entry.account === account)
  while (performance.now() < end && !published()) await sleep(5)
  await human(azure).regenerate(idOf(bench, account), 'key2')
}
