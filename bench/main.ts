// `npm run bench [-- vend cold worker scale rotation]`: what it costs, as ratios to floors measured in the same run. Exit code
// 0: every target is met, 1: one is missed, 2: usage.

import { mkdirSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { buildAll } from './build.ts'
import { measureColdStarts } from './cold/main.ts'
import { drawResults } from './drawing/main.ts'
import { machine } from './machine.ts'
import { isMet, type Measured } from './measured.ts'
import { measureRotation } from './rotation/group.ts'
import { measureScale } from './scale/main.ts'
import { print } from './table.ts'
import { measureVends } from './vend/main.ts'
import { measureWorkers } from './worker/main.ts'

const GROUPS = {
  vend: measureVends,
  cold: measureColdStarts,
  worker: measureWorkers,
  scale: measureScale,
  rotation: measureRotation,
} as const
type Group = keyof typeof GROUPS
const isGroup = (text: string): text is Group => Object.hasOwn(GROUPS, text)

const USAGE = `usage: npm run bench [-- ${Object.keys(GROUPS).join(' ')}] [--rounds 5] [--seconds 3]
It measures all groups, or those that are named, and writes bench/results and docs/performance.svg anew.`

const OPTIONS = {
  rounds: { type: 'string', default: '5' },
  seconds: { type: 'string', default: '3' },
  help: { type: 'boolean', short: 'h', default: false },
} as const

function readArguments() {
  try {
    return parseArgs({ allowPositionals: true, options: OPTIONS })
  } catch {
    return undefined
  }
}

async function main(): Promise<number> {
  const given = readArguments()
  if (given?.values.help) {
    console.log(USAGE)
    return 0
  }
  const groups = given?.positionals.length === 0 ? Object.keys(GROUPS) : (given?.positionals ?? [])
  if (given === undefined || !groups.every(isGroup)) {
    console.error(USAGE)
    return 2
  }
  const { values } = given
  console.log(`measuring ${groups.join(', ')}: minutes`)
  const built = await buildAll()
  const options = { rounds: Number(values.rounds), seconds: Number(values.seconds) }
  const rows: Measured[] = []
  for (const group of groups) {
    const measured = await GROUPS[group](built, options)
    rows.push(...measured)
    if (group !== 'rotation') save(group, measured)
  }
  drawResults()
  print(rows)
  console.log('written: bench/results, docs/performance.svg')
  return rows.every((row) => isMet(row) !== false) ? 0 : 1
}

/** What rotation plays has results of its own, with more in them. */
function save(group: Group, rows: readonly Measured[]): void {
  const folder = new URL('results/', import.meta.url)
  mkdirSync(folder, { recursive: true })
  writeFileSync(new URL(`${group}.json`, folder), `${JSON.stringify({ machine: machine(), rows }, null, 2)}\n`)
}

process.exitCode = await main()
