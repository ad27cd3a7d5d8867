// What the soak learns from the stand-in's journal and the vendor's log, read a little at a time.

import type { Azure } from '../azure/start-azure.ts'
import { count } from '../count.ts'

export interface Observed {
  /** Reads what is new. */
  read(): void
  /** Takes a line of an app's log. */
  hear(line: string): void
  /** Epoch milliseconds of the last time; 0 for never. */
  readAt(account: string): number
  publishedAt(account: string): number
  /** Looks of vendors that told nothing. */
  failedLooks(): number
  /** Publications of another key than before. */
  readonly rotations: ReadonlyMap<string, number>
  /** Faults that were met, by `route kind`. */
  readonly faults: ReadonlyMap<string, number>
  readonly failedOver: () => number
}

export function observe({ journal }: Pick<Azure, 'journal'>): Observed {
  const reads = new Map<string, number>()
  const published = new Map<string, { at: number; fingerprint: unknown }>()
  const rotations = new Map<string, number>()
  const faults = new Map<string, number>()
  let failedLooks = 0
  let next = 0
  let failedOver = 0
  return {
    read() {
      const { entries, next: from } = journal.since(next)
      next = from
      for (const { at, route, status, principal, secret, event, account, fingerprint, fault } of entries) {
        if (fault !== undefined) {
          const what = `${route} ${fault === 'status' ? status : fault}`
          count(faults, what)
        }
        if (route === 'keyVault.getSecret' && principal === 'vendor' && fault === undefined)
          reads.set(String(secret), at)
        if (event !== 'published' || status !== 200) continue
        const name = String(account)
        const before = published.get(name)
        if (before && before.fingerprint !== fingerprint) count(rotations, name)
        published.set(name, { at, fingerprint })
      }
    },
    hear(line) {
      if (line.includes('vend.failedOver')) failedOver += 1
      if (line.includes('vend.lookFailed')) failedLooks += 1
    },
    readAt: (account) => reads.get(account) ?? 0,
    publishedAt: (account) => published.get(account)?.at ?? 0,
    failedLooks: () => failedLooks,
    rotations,
    faults,
    failedOver: () => failedOver,
  }
}
