// Writes and reads the journal of the world. Entries are numbered from 0 for ever; only the newest are kept.

import { count } from '../count.ts'
import type { Entry, World } from './world.ts'

const kept = 100_000

export interface Journal {
  record(entry: Entry): void
  /** Entries from number `since` on, and the number to ask for next time. */
  since(since: number): { readonly next: number; readonly entries: readonly Entry[] }
  /** Calls per route since the start. */
  counts(): Readonly<Record<string, number>>
}

export function createJournal({ journal }: Pick<World, 'journal'>): Journal {
  const counts = new Map<string, number>()
  let forgotten = 0
  return {
    record(entry) {
      journal.push(entry)
      count(counts, entry.route)
      if (journal.length <= kept) return
      journal.shift()
      forgotten += 1
    },
    since: (since) => ({
      next: forgotten + journal.length,
      entries: journal.slice(Math.max(0, since - forgotten)),
    }),
    counts: () => Object.fromEntries(counts),
  }
}
