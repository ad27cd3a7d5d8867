// Draws what bench/results has, in docs/performance.svg; groups that were never measured are left out.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { DRAWN, draw, type Results } from './draw.ts'

export function drawResults(): void {
  const files = DRAWN.map((group) => [group, new URL(`../results/${group}.json`, import.meta.url)] as const)
  const there = files.filter(([, file]) => existsSync(file))
  const results: Results = Object.fromEntries(
    there.map(([group, file]) => [group, JSON.parse(readFileSync(file, 'utf8'))]),
  )
  writeFileSync(new URL('../../docs/performance.svg', import.meta.url), draw(results))
}
