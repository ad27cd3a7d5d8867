// What the rotator did with each account, as the journal of the stand-in has it: how far a run was when it was killed.

import type { Azure } from '../../local/azure/start-azure.ts'
import type { Entry } from '../../local/azure/world.ts'

/**
 * The last thing that a process was seen to do with an account. `begun`: nothing yet, it had the lease or was in
 * quarantine. A run that ended a moment before the next began counts as that.
 */
export const steps = ['begun', 'read', 'keys listed', 'regenerated', 'proving', 'published', 'read back'] as const
export type Step = (typeof steps)[number]

interface Trace {
  /** Epoch milliseconds. */
  readonly at: number
  readonly step: Step
}

export interface Trails {
  /** Takes in what happened since the last time. The journal keeps so many entries only, so call it now and then. */
  read(): void
  /** How far the run of an account is that began in or after this instant. */
  stepOf(account: string, since: number): Step
  /** When somebody first read or wrote the account after an instant; `undefined` when nobody did. */
  firstTouch(account: string, after: number): number | undefined
  /** Keys that replaced another, from an instant on. */
  rotations(account: string, since?: number): number
  /** Publications of keys that did not work yet. */
  readonly early: readonly string[]
  /** Regenerates that were held up, from an instant on. */
  heldUp(since: number): number
}

const STEPS: Readonly<Record<string, Step>> = {
  'keyVault.listVersions': 'read',
  'arm.listKeys': 'keys listed',
  'arm.regenerateKey': 'regenerated',
  'keyVault.setSecret': 'published',
}

export function followTrails({ journal }: Azure): Trails {
  const traces = new Map<string, Trace[]>()
  const made = new Map<string, unknown>()
  const published = new Map<string, { at: number; fingerprint: unknown }[]>()
  const early: string[] = []
  const hung: number[] = []
  let next = 0

  const stepIn = (entry: Entry, account: string): Step | undefined => {
    // The token service is not told who asks: a proof is an exchange of the key that was made last.
    if (entry.route === 'sts.issueToken') return made.get(account) === entry.fingerprint ? 'proving' : undefined
    const step = entry.principal === 'rotator' && entry.status === 200 ? STEPS[entry.route] : undefined
    return step === 'read' && traces.get(account)?.at(-1)?.step === 'published' ? 'read back' : step
  }
  const take = (entry: Entry) => {
    if (entry.fault === 'hang') hung.push(entry.at)
    const account = String(entry.account ?? entry.secret ?? '')
    if (entry.event === 'regenerated') made.set(account, entry.fingerprint)
    const step = stepIn(entry, account)
    if (step) append(traces, account, { at: entry.at, step })
    if (entry.event !== 'published') return
    made.delete(account)
    if (entry.worked !== true) early.push(`${account} ${String(entry.slot)}`)
    const last = published.get(account)?.at(-1)
    if (last?.fingerprint !== entry.fingerprint)
      append(published, account, { at: entry.at, fingerprint: entry.fingerprint })
  }

  return {
    early,
    read() {
      const news = journal.since(next)
      next = news.next
      for (const entry of news.entries) take(entry)
    },
    stepOf: (account, since) => traces.get(account)?.findLast(({ at }) => at >= since)?.step ?? 'begun',
    firstTouch: (account, after) => traces.get(account)?.find(({ at, step }) => at > after && step !== 'proving')?.at,
    rotations: (account, since = 0) => (published.get(account) ?? []).slice(1).filter(({ at }) => at > since).length,
    heldUp: (since) => hung.filter((at) => at >= since).length,
  }
}

function append<T>(lists: Map<string, T[]>, name: string, item: T): void {
  const list = lists.get(name)
  if (list) list.push(item)
  else lists.set(name, [item])
}
