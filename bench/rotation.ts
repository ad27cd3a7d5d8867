// npm run bench:rotation: how long a fleet takes, how many calls, how much memory; exits with 1 when a target is missed.

import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { type Calls, idealSeconds, limitSeconds, mostAtOnce, upstreamCalls } from './ideal.ts'
import { play, type Result, type Scenario } from './scenario.ts'

const TARGET = {
  unthrottledRatio: 1.1,
  throttledRatio: 1.05,
  callsPerRotation: 10,
  callsPerCheck: 3,
  megabytes: 250,
} as const

/** What the settings say by default, in milliseconds. */
const DEFAULT_SPACING_MS = 2_000
const NEEDED = {
  rotation: { upstream: 9, armWrites: 2, vaultCreates: 1, lease: 4 },
  check: { upstream: 3, armWrites: 1, vaultCreates: 0, lease: 4 },
} as const satisfies Record<Scenario['work'], Calls>

const free = {
  concurrency: { kind: 'pool', size: 24 },
  clock: 'virtual',
  spacingMs: 0,
  throttled: false,
  way: 'free',
} as const
const byHost = { kind: 'host', batch: 16, threshold: 8 } as const
const alone = { kind: 'pool', size: 1 } as const

interface Row {
  readonly what: string
  /** Whether the ratio of this row is held against the target. */
  readonly bound: boolean
  readonly scenario: Scenario
}

const works = ['rotation', 'check'] as const
const unthrottled: readonly Row[] = [
  ...[1_000, 10_000].flatMap((accounts) =>
    works.flatMap((work): Row[] => [
      { what: '24 at once', bound: true, scenario: { ...free, accounts, work } },
      { what: 'batches of the host, 16 + 8', bound: false, scenario: { ...free, accounts, work, concurrency: byHost } },
      ...(work === 'rotation'
        ? [
            {
              what: '24 at once, default pauses',
              bound: true,
              scenario: { ...free, accounts, work, spacingMs: DEFAULT_SPACING_MS },
            },
          ]
        : []),
      { what: 'one after the other', bound: false, scenario: { ...free, accounts, work, concurrency: alone } },
    ]),
  ),
  ...works.map((work): Row => {
    return { what: '24 at once, REAL time', bound: true, scenario: { ...free, accounts: 1_000, work, clock: 'real' } }
  }),
]
const throttled: readonly Row[] = [
  ...[16, 64].flatMap((size) =>
    (['plain', 'keystile'] as const).map((way): Row => {
      const concurrency = { kind: 'pool', size } as const
      const scenario: Scenario = { ...free, accounts: 1_000, work: 'rotation', concurrency, throttled: true, way }
      return { what: way === 'plain' ? 'retries of the SDKs' : 'pacing', bound: way === 'keystile', scenario }
    }),
  ),
  ...works.map((work): Row => {
    const scenario: Scenario = { ...free, accounts: 10_000, work, throttled: true, way: 'keystile' }
    return { what: 'pacing', bound: true, scenario }
  }),
]

interface Measured extends Row {
  readonly result: Result
  readonly idealSeconds: number
  readonly ratio: number
  readonly callsPerAccount: number
  readonly missed: readonly string[]
}

/** In a process of its own, so that its peak of memory is its own. */
function measure(row: Row): Measured {
  const { scenario } = row
  const { accounts, work } = scenario
  const args = [...process.execArgv, fileURLToPath(import.meta.url), JSON.stringify(scenario)]
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`a scenario failed: ${stderr}`)
  const result: Result = JSON.parse(stdout)
  const needed = NEEDED[work]
  const limit = scenario.throttled ? limitSeconds(accounts, needed) : 0
  const ideal = Math.max(idealSeconds(scenario, needed), limit)
  const measured = { ...row, result, idealSeconds: ideal, ratio: result.seconds / ideal, missed: [] }
  const callsPerAccount = upstreamCalls(result) / accounts
  return { ...measured, callsPerAccount, missed: row.bound ? missedBy({ ...measured, callsPerAccount }) : [] }
}

function missedBy({ scenario, result, ratio, callsPerAccount }: Measured): string[] {
  const mostCalls = scenario.work === 'rotation' ? TARGET.callsPerRotation : TARGET.callsPerCheck
  const mostRatio = scenario.throttled ? TARGET.throttledRatio : TARGET.unthrottledRatio
  return [
    ...(ratio > mostRatio ? [`${ratio.toFixed(3)} × ideal, at most ${mostRatio}`] : []),
    ...(callsPerAccount > mostCalls ? [`${callsPerAccount} calls, at most ${mostCalls}`] : []),
    ...(result.lost > 0 ? [`${result.lost} lost`] : []),
    ...(result.peakMegabytes >= TARGET.megabytes ? [`${result.peakMegabytes} MB, below ${TARGET.megabytes}`] : []),
  ]
}

const number = (value: number, digits = 0) =>
  value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })

function cellsOf({ what, scenario, result, idealSeconds: ideal, ratio, callsPerAccount, missed, bound }: Measured) {
  const { accounts, work, concurrency, clock } = scenario
  const { sent, refused } = result
  const per = (count: number) => number(count / accounts, count % accounts === 0 ? 0 : 2)
  return [
    number(accounts),
    work,
    what,
    String(mostAtOnce(concurrency)),
    clock,
    number(result.seconds, 1),
    number(ideal, 1),
    number(ratio, 3),
    per(callsPerAccount * accounts),
    [sent['arm-read'], sent['arm-write'], sent['vault-read'], sent['vault-create'], sent.sts].map(per).join('+'),
    per(sent.lease),
    number(Object.values(refused).reduce((sum, count) => sum + count)),
    number(result.lost),
    number(result.peakMegabytes),
    bound ? missed.join('; ') || 'ok' : '-',
  ]
}

const HEAD = [
  'accounts',
  'work',
  'how',
  'at once',
  'clock',
  'seconds',
  'ideal',
  '× ideal',
  'calls/account',
  'ARM read+write+vault read+create+STS',
  'lease',
  '429s',
  'lost',
  'peak MB',
  'target',
]

function print(title: string, rows: readonly Measured[]): void {
  const table = [HEAD, ...rows.map(cellsOf)]
  const widths = HEAD.map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd()
  console.log(`\n${title}\n`)
  for (const cells of table) console.log(line(cells))
}

function main(): void {
  const free = unthrottled.map(measure)
  print('No limits: 80 ms per upstream call, 5 ms per call to the storage of the host', free)
  const limited = throttled.map(measure)
  print("Azure's documented limits: ARM writes 200 and 10 per second, 300 versions in 10 s", limited)
  const rows = [...free, ...limited]
  const machine = {
    cores: availableParallelism(),
    model: cpus()[0]?.model,
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  }
  const folder = new URL('results/', import.meta.url)
  mkdirSync(folder, { recursive: true })
  writeFileSync(new URL('rotation.json', folder), `${JSON.stringify({ machine, targets: TARGET, rows }, null, 2)}\n`)
  const missed = rows.flatMap((row) => row.missed)
  console.log(missed.length === 0 ? '\nevery target is met' : `\n${missed.length} targets are missed`)
  process.exitCode = missed.length === 0 ? 0 : 1
}

const [, , given] = process.argv
if (given === undefined) main()
else process.stdout.write(JSON.stringify(await play(JSON.parse(given))))
