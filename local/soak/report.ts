// What a soak tells: counts of each event, and each promise that was broken, in a sentence.

import type { Counts } from './callers.ts'
import { isSlow } from './fleet.ts'
import type { Soak } from './soak.ts'

interface Megabytes {
  readonly vendor: number
  readonly rotator: number
}

export interface Told {
  /** How long there was trouble. */
  readonly seconds: number
  readonly soak: Soak
  readonly counts: Counts
  readonly before: Megabytes
  readonly after: Megabytes
}

/** Resident memory may grow by so much between two looks: pools and code that is compiled, not what is remembered. */
const GROWTH_MEGABYTES = 64
/** A run that fails, a lease that it leaves behind, its quarantine of 4 s, and the same once more. */
const LONGEST_OUTAGE_MS = 30_000
/** By then one that rotates seldom has done so, though it was held up when it was due. */
const LONG_ENOUGH_SECONDS = 60

export function render({ soak, counts, before, after }: Told): string {
  const { observed, deeds, disabled, outages, names } = soak
  const rotations = (slow: boolean) => {
    const each = names.filter((name) => isSlow(name) === slow).map((name) => observed.rotations.get(name) ?? 0)
    return `${each.reduce((sum, count) => sum + count, 0)} (${Math.min(...each)} to ${Math.max(...each)} an account)`
  }
  const list = (entries: Iterable<[string, number]>) =>
    [...entries].map(([name, count]) => `${name} ${count}`).join(', ') || 'none'
  const met = [...observed.faults].sort(([a], [b]) => (a < b ? -1 : 1))
  return [
    `vends              ${counts.vends}`,
    `calls with tokens  ${counts.calls}, and ${counts.late} answered after expires_in`,
    `rotations          ${rotations(false)} where a token outlives its key, ${rotations(true)} where it does not`,
    `faults met         ${met.reduce((sum, [, count]) => sum + count, 0)}: ${list(met)}`,
    `by hand            ${list(deeds)}`,
    `looks that failed  ${observed.failedLooks()}, and were seen by no caller`,
    `failed over        ${observed.failedOver()}`,
    `disabled by hand   ${list(disabled)}`,
    `refused, expected  ${[...counts.expected].map(([code, accounts]) => `${code}: ${list(accounts)}`).join('; ') || 'none'}`,
    `both keys lost     ${outages.map((ms) => `${(ms / 1_000).toFixed(1)} s`).join(', ') || 'never'} until repaired`,
    `memory             vendor ${before.vendor} MB, then ${after.vendor}; rotator ${before.rotator} MB, then ${after.rotator}`,
    `broken             ${counts.broken.length}`,
  ].join('\n')
}

export function shortfalls({ soak, seconds, counts, before, after }: Told): string[] {
  const grown = (app: keyof Megabytes) =>
    after[app] - before[app] > GROWTH_MEGABYTES
      ? [`the ${app} grew by ${after[app] - before[app]} MB, more than ${GROWTH_MEGABYTES}`]
      : []
  return [
    ...counts.broken,
    ...[...(counts.expected.get('account_held') ?? [])]
      .filter(([name]) => !soak.disabled.has(name))
      .map(([name, refusals]) => `${name}: held for ${refusals} vends, and nobody had disabled it`),
    ...soak.outages
      .filter((ms) => ms > LONGEST_OUTAGE_MS)
      .map((ms) => `both keys of an account were lost for ${ms} ms, more than ${LONGEST_OUTAGE_MS}`),
    ...soak.names
      .filter((name) => !isSlow(name) || seconds >= LONG_ENOUGH_SECONDS)
      .filter((name) => !soak.observed.rotations.has(name))
      .map((name) => `${name}: never rotated`),
    ...grown('vendor'),
    ...grown('rotator'),
    ...(counts.vends === 0 || counts.calls === 0 ? ['nobody vended and called'] : []),
  ]
}
