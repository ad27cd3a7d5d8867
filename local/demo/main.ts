// `npm run demo`: the whole job once, in under a minute, ending by itself. Exit code 1 when anything fell short.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { regionOf } from '../azure/keys.ts'
import { type Seed, seedSchema } from '../azure/seed.ts'
import type { Registration } from '../client.ts'
import { runCommand, unlessStopped } from '../command.ts'
import { pointAtAzure } from '../point-at-azure.ts'
import { localFolder, openLocalFolder } from '../run-file.ts'
import seedFile from '../seed.json' with { type: 'json' }
import { type Stack, startStack } from '../stack.ts'
import { type Consumer, runCaller, runKeyReader, type Tally } from './consumers.ts'
import { type Refused, readRefusal, renderTable } from './report.ts'
import { LEAST_CALLS, rotationsOf, type Shown, shortfalls } from './verdict.ts'
import { type AccountHistory, readHistories } from './watch.ts'

const USAGE = `usage: npm run demo
It adopts five accounts, rotates each three times under load, and ends by itself in about 45 seconds.`

/** Seconds stand for days here. A token lives no longer than grace, as in Azure: nobody knows if it dies with its key. */
const policy = {
  KEYSTILE_SCHEDULE: '*/1 * * * * *',
  KEYSTILE_ROTATE_EVERY: 'PT6S',
  KEYSTILE_GRACE: 'PT6S',
  KEYSTILE_MIN_GRACE: 'PT1S',
  KEYSTILE_MIN_ROTATE_EVERY: 'PT1S',
  KEYSTILE_CLOCK_SKEW: 'PT0S',
  KEYSTILE_PROOF_SPACING: 'PT1S',
  KEYSTILE_PROOF_WINDOW: 'PT20S',
  KEYSTILE_SETTLE: 'PT3S',
}
const switches = { propagationSeconds: 2, tokenSeconds: 5, tokensDieWithKey: true }
/** Accounts of these kinds give tokens; the others are used with their key alone. */
const WITH_TOKENS = ['SpeechServices', 'CognitiveServices', 'TextTranslation']
const CALLERS = 8
const PACE_MS = 20
const REREAD_MS = 2_000
const ROTATIONS = 3
/** What follows takes some seconds more, and all of it is to be over in a minute. */
const LONGEST_MS = 50_000

type Account = Seed['accounts'][number]

interface Watched {
  readonly account: Account
  readonly tally: Tally
}

const nobody: AccountHistory = { published: [], used: new Map() }

async function main(): Promise<number> {
  const startedAt = performance.now()
  parseArgs({ options: {} })
  return unlessStopped((signal) => show(startedAt, signal))
}

async function show(startedAt: number, signal: AbortSignal): Promise<number> {
  await openLocalFolder()
  const seed = seedSchema.parse(seedFile)
  const refused = new Map<string, Refused>()
  const stack = await startStack({
    seed,
    folder: join(localFolder, 'demo'),
    azure: { switches },
    rotator: policy,
    // Eight callers with one identity, and tokens of seconds instead of minutes.
    vendor: { KEYSTILE_RATE_PER_MINUTE: '60000', KEYSTILE_RATE_BURST: '1000' },
    signal,
    onLine: (line) => {
      const refusal = readRefusal(line)
      if (refusal) refused.set(refusal.account, refusal)
    },
  })
  Object.assign(process.env, stack.azure.env('app'))
  const restore = await pointAtAzure(stack.azure)
  try {
    console.log(`rotator ${stack.rotator.url}, vendor ${stack.vendor.url}; ${CALLERS} callers and a reader of keys`)
    const shown = await watch(stack, seed, startedAt, signal)
    console.log(renderTable(shown, [...refused.values()]))
    const short = shown.flatMap(shortfalls)
    for (const each of short) console.error(each)
    const seconds = Math.round((performance.now() - startedAt) / 1_000)
    console.log(short.length === 0 ? `every call worked, in ${seconds} s` : `it fell short, in ${seconds} s`)
    return short.length === 0 ? 0 : 1
  } finally {
    restore()
    await stack.close()
  }
}

/** Starts consumers of each account when its key is published, and ends when all have been shown. */
async function watch(stack: Stack, seed: Seed, startedAt: number, signal: AbortSignal): Promise<Shown[]> {
  const stop = new AbortController()
  const watched = new Map<string, Watched>()
  const running: Promise<void>[] = []
  const read = () => readHistories(stack.azure.journal.since(0).entries)
  const expected = seed.accounts.filter((account) => isRotated(seed, account))
  const perAccount = CALLERS / expected.filter(({ kind }) => WITH_TOKENS.includes(kind)).length
  const look = (): Shown[] => {
    const histories = read()
    return expected.map(({ name }) => ({
      name,
      history: histories.get(name) ?? nobody,
      tally: watched.get(name)?.tally ?? { vends: 0, calls: 0, failures: [] },
    }))
  }
  for (;;) {
    const shown = look()
    for (const { name, history } of shown) {
      const account = expected.find((each) => each.name === name)
      if (!account || watched.has(name) || history.published.length === 0) continue
      console.log(`${name} is published`)
      const tally: Tally = { vends: 0, calls: 0, failures: [] }
      watched.set(name, { account, tally })
      running.push(
        ...startConsumers(
          stack,
          { target: targetOf(account), tally, paceMs: PACE_MS, signal: AbortSignal.any([stop.signal, signal]) },
          perAccount,
        ),
      )
    }
    const complete = shown.every(
      ({ history, tally }) => rotationsOf(history) >= ROTATIONS && tally.calls >= LEAST_CALLS,
    )
    if (complete || performance.now() - startedAt > LONGEST_MS) break
    await sleep(500, undefined, { signal })
  }
  // A key that is published from here on could not be seen in use any more.
  await stack.rotator.close()
  // Whoever holds a token or key re-reads within this time: the newest key is then seen in use, too.
  await sleep(Math.max(REREAD_MS, switches.tokenSeconds * 1_000), undefined, { signal })
  stop.abort()
  await Promise.all(running)
  return look()
}

function startConsumers(stack: Stack, consumer: Consumer, callers: number): Promise<void>[] {
  const { azure, vendor } = stack
  const [vault] = azure.world.seed.vaults
  const reader = runKeyReader(consumer, `https://${vault?.name}.vault.azure.net`, REREAD_MS)
  if (!WITH_TOKENS.includes(consumer.target.kind)) return [reader]
  const registration = registrationOf(stack)
  return [reader, ...Array.from({ length: callers }, () => runCaller(consumer, vendor.url, registration))]
}

function registrationOf({ azure }: Stack): Registration {
  const { tenantId, api, callers } = azure.world.seed
  const caller = callers.find(({ name }) => name === 'app-all')
  if (!caller) throw new Error('the seed has no caller app-all')
  const clientSecret = azure.clientSecret(caller.name)
  return { tenantId, audience: api.appIdUri, clientId: caller.clientId, clientSecret }
}

const targetOf = (account: Account) => ({
  name: account.name,
  kind: account.kind,
  region: regionOf(account),
  subDomain: account.customSubDomain,
})

/** What the rotator should rotate: opted in, allowed to use keys, and granted to it. */
function isRotated({ identities }: Seed, { name, tags, disableLocalAuth }: Account): boolean {
  const grants = identities.find((identity) => identity.name === 'rotator')?.grants ?? []
  return tags.keystile === 'rotate' && !disableLocalAuth && grants.some(({ scope }) => scope.endsWith(`/${name}`))
}

await runCommand(USAGE, main)
