// What the demo sees of the stand-in's journal: what was published, and which keys the services were used with.

import type { Entry } from '../azure/world.ts'
import { count } from '../count.ts'

/** A version of a secret that holds a current key of an account. */
export interface Publication {
  readonly slot: string
  readonly fingerprint: string
  /** Did the services accept the key at that moment? */
  readonly worked: boolean
}

export interface AccountHistory {
  readonly published: Publication[]
  /** Accepted data-plane calls per fingerprint of the key, or of the key behind the token. */
  readonly used: Map<string, number>
}

const DATA_PLANE = new Set(['translator.translate', 'speech.listVoices', 'vision.analyze'])

const text = (entry: Entry, name: string): string => String(entry[name] ?? '')

/** @param entries all that the journal holds, oldest first. */
export function readHistories(entries: readonly Entry[]): Map<string, AccountHistory> {
  const histories = new Map<string, AccountHistory>()
  const historyOf = (name: string) => {
    const history = histories.get(name) ?? { published: [], used: new Map<string, number>() }
    histories.set(name, history)
    return history
  }
  for (const entry of entries) {
    const fingerprint = text(entry, 'fingerprint')
    if (entry.event === 'published') {
      const { published } = historyOf(text(entry, 'account'))
      published.push({ slot: text(entry, 'slot'), fingerprint, worked: entry.worked === true })
    } else if (DATA_PLANE.has(entry.route) && entry.status === 200) {
      const { used } = historyOf(text(entry, 'account'))
      count(used, fingerprint)
    }
  }
  return histories
}
