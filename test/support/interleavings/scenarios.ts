// The scenarios that are searched: who starts from what history, and which bad days are allowed.

import type { Request } from '../../../src/rotation/plan.ts'
import { type HistoryName, printOf } from './material.ts'
import type { Scenario } from './world.ts'

/** Messages in flight. Requests name the keys that the two slots hold at first. */
export const messages = {
  check: { kind: 'check' },
  rotate: { kind: 'rotate', live: printOf('key1.0') },
  revokeLive: { kind: 'revoke', kill: [printOf('key1.0')] },
  revokeIdle: { kind: 'revoke', kill: [printOf('key2.0')] },
  revokeBoth: { kind: 'revoke', kill: [printOf('key1.0'), printOf('key2.0')] },
} as const satisfies Record<string, Request>

const nameOf = (request: Request): string =>
  Object.entries(messages).find(([, each]) => each === request)?.[0] ?? request.kind

/** Under the timing rule, with two ticks and nothing else going wrong but leases that end, unless it says otherwise. */
export function scenario(history: HistoryName, requests: readonly Request[], change: Partial<Scenario> = {}): Scenario {
  const base: Scenario = {
    name: '',
    history,
    requests,
    leasesHold: true,
    landsInTime: true,
    shortLives: true,
    humans: 0,
    hands: ['copied'],
    crashes: 0,
    losses: 0,
    ticks: ['second', 'grace'],
    mostVersions: 5,
    ...change,
  }
  const { humans, losses, crashes } = base
  const faults = [
    humans > 0 ? `a human (tags ${base.hands.join()})` : '',
    losses > 0 ? 'a lost answer' : '',
    crashes > 0 ? 'crashes' : '',
    base.ticks.includes('almost') ? 'to the edge of the grace' : '',
    base.shortLives ? '' : 'runs that outlive their lease',
  ]
  return { ...base, name: [`${history}: ${requests.map(nameOf).join(' + ')}`, ...faults.filter(Boolean)].join(', ') }
}
