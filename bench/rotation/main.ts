// npm run bench:rotation: how long a fleet takes, how many calls, how much memory; exits with 1 when a target is missed.

import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { machine } from '../machine.ts'
import { printTable } from '../table.ts'
import { type Calls, idealSeconds, limitSeconds, mostAtOnce, upstreamCalls } from './ideal.ts'
import { type Row, throttled, unthrottled } from './rows.ts'
import { play, type Result, type Scenario } from './scenario.ts'
import { judge, type Measured } from './targets.ts'

/** The least that it takes: what the ideal is made of. */
const NEEDED = {
  rotation: { upstream: 10, armWrites: 2, vaultCreates: 1, lease: 4 },
  check: { upstream: 3, armWrites: 1, vaultCreates: 0, lease: 4 },
} as const satisfies Record<Scenario['work'], Calls>

/** Key Vault's challenge to a process that it has not seen: of no account. */
const CHALLENGES = 1

/** As on an instance of 512 MB, where Node bounds its heap like this; with more memory it would collect later. */
const HEAP = ['--max-old-space-size=256', '--max-semi-space-size=1']

/** In a process of its own, so that its peak of memory is its own. */
function measure(row: Row): Measured {
  const { scenario, idealAtOnce = mostAtOnce(scenario.concurrency) } = row
  const args = [...process.execArgv, ...HEAP, fileURLToPath(import.meta.url), JSON.stringify(scenario)]
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`a scenario failed: ${stderr}`)
  const result: Result = JSON.parse(stdout)
  const needed = NEEDED[scenario.work]
  const limit = scenario.throttled ? limitSeconds(scenario, needed) : 0
  const ideal = Math.max(idealSeconds(scenario, needed, idealAtOnce), limit)
  const callsPerAccount = (upstreamCalls(result) - CHALLENGES) / scenario.accounts
  return { ...row, result, idealSeconds: ideal, ratio: result.seconds / ideal, callsPerAccount }
}

const number = (value: number, digits = 0) =>
  value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })

function cellsOf({ what, scenario, result, idealSeconds: ideal, ratio, callsPerAccount, bound }: Measured) {
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
    // What was lost took no time.
    result.lost > 0 ? '-' : number(ratio, 3),
    per(callsPerAccount * accounts),
    [sent['arm-read'], sent['arm-write'], sent['vault-read'], sent['vault-create'], sent.sts].map(per).join('+'),
    per(sent.lease),
    number(Object.values(refused).reduce((sum, count) => sum + count)),
    number(result.lost),
    number(result.peakMegabytes),
    bound ? 'held' : '-',
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
  'targets',
]

function print(title: string, table: readonly (readonly string[])[]): void {
  console.log(`\n${title}\n`)
  printTable(table)
}

function main(): void {
  const rows: Measured[] = []
  const measureAll = (title: string, given: readonly Row[]) => {
    const measured = given.map(measure)
    rows.push(...measured)
    print(title, [HEAD, ...measured.map(cellsOf)])
  }
  measureAll('No limits: 80 ms per upstream call, 5 ms per call to the storage of the host', unthrottled)
  console.log('\nThe host fetches 16 when 8 are left in work; with equal latencies these batches run in step.')
  console.log('One after the other: against the ideal of 24 at once.')
  measureAll("Azure's documented limits: ARM writes 200 and 10 per second, 300 versions in 10 s", throttled)
  const judged = judge(rows)
  print('Targets, by the worst row that is held against them', [
    ['target', 'worst', ''],
    ...judged.map(({ target, worst, met }) => [target, number(worst, 3), met ? 'met' : 'MISSED']),
  ])
  const folder = new URL('../results/', import.meta.url)
  mkdirSync(folder, { recursive: true })
  const results = { machine: { ...machine(), heap: HEAP.join(' ') }, targets: judged, rows }
  writeFileSync(new URL('rotation.json', folder), `${JSON.stringify(results, null, 2)}\n`)
  process.exitCode = judged.every(({ met }) => met) ? 0 : 1
}

const [, , given] = process.argv
if (given === undefined) main()
else process.stdout.write(JSON.stringify(await play(JSON.parse(given))))
