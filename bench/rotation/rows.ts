// What is measured: fleets, work, concurrency, limits.

import type { Concurrency } from './host.ts'
import type { Scenario } from './scenario.ts'

/** What the settings say by default, in milliseconds. */
const DEFAULT_SPACING_MS = 2_000
const free = {
  concurrency: { kind: 'pool', size: 24 },
  clock: 'virtual',
  subscriptions: 1,
  spacingMs: 0,
  throttled: false,
  way: 'free',
} as const
const byHost = { kind: 'host', batch: 16, threshold: 8 } as const
const alone = { kind: 'pool', size: 1 } as const

export interface Row {
  readonly what: string
  /** Whether this row is held against the targets; the others are for comparison. */
  readonly bound: boolean
  /** Of the ideal, where it is not that of the row. */
  readonly idealAtOnce?: number
  readonly scenario: Scenario
}

const works = ['rotation', 'check'] as const
export const unthrottled: readonly Row[] = [
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
      {
        what: 'one after the other',
        bound: false,
        idealAtOnce: free.concurrency.size,
        scenario: { ...free, accounts, work, concurrency: alone },
      },
    ]),
  ),
  ...works.map((work): Row => {
    return { what: '24 at once, REAL time', bound: true, scenario: { ...free, accounts: 1_000, work, clock: 'real' } }
  }),
]
const pool = (size: number): Concurrency => ({ kind: 'pool', size })
const limited = { ...free, throttled: true, way: 'keystile' } as const
export const throttled: readonly Row[] = [
  ...[16, 64].flatMap((size) =>
    (['plain', 'keystile'] as const).map((way): Row => {
      const scenario: Scenario = { ...limited, accounts: 1_000, work: 'rotation', concurrency: pool(size), way }
      return { what: way === 'plain' ? 'SDKs as they come' : 'pacing', bound: way === 'keystile', scenario }
    }),
  ),
  ...works.map((work): Row => {
    return { what: 'pacing', bound: true, scenario: { ...limited, accounts: 10_000, work } }
  }),
  // As many subscriptions as it takes for the vault to be what bounds.
  ...[24, 64].map((size): Row => {
    const scenario: Scenario = {
      ...limited,
      accounts: 10_000,
      subscriptions: 10,
      work: 'rotation',
      concurrency: pool(size),
    }
    return { what: 'pacing, 10 subscriptions', bound: true, scenario }
  }),
]
