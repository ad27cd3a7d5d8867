// A vendor over a world in memory, on a clock that the test turns.

import type { Clock } from '../../src/common/clock.ts'
import { publicCloud } from '../../src/common/cloud.ts'
import { Secret } from '../../src/common/secret.ts'
import { issueToken } from '../../src/vending/issue-token.ts'
import type { ExchangeAnswer, PublishedKey, RecordAnswer, VendingEvent } from '../../src/vending/ports.ts'
import { fp, ID } from './rotation.ts'

const START = new Date('2026-02-01T12:00:00Z').getTime()

/** A clock with two hands: they move together, until the test sets the one on the wall or puts the machine to sleep. */
function twoHands() {
  let [wall, steady] = [START, 0]
  const sleepers = new Set<{ readonly until: number; wake: () => void }>()
  const advance = (milliseconds: number) => {
    wall += milliseconds
    steady += milliseconds
    for (const sleeper of sleepers) if (sleeper.until <= steady) sleeper.wake()
  }
  const clock: Clock = {
    now: () => new Date(wall),
    elapsed: () => steady,
    sleep: (milliseconds, signal) =>
      new Promise((resolve) => {
        const wake = () => {
          sleepers.delete(sleeper)
          resolve()
        }
        const sleeper = { until: steady + milliseconds, wake }
        sleepers.add(sleeper)
        signal?.addEventListener('abort', sleeper.wake)
      }),
  }
  /** Sets the clock on the wall; also what a machine's sleep looks like. */
  const setWall = (milliseconds: number) => {
    wall += milliseconds
  }
  return { ...clock, advance, setWall, sleeping: () => sleepers.size }
}

export const keyRecord = (key: string, change: Partial<PublishedKey> = {}): PublishedKey => ({
  key: Secret.of(key),
  fingerprint: fp(key),
  providerAddress: ID,
  place: { region: 'westus2', subDomain: 'speech-west' },
  kind: 'SpeechServices',
  ...change,
})

export const recordWith = (key: string, change: Partial<PublishedKey> = {}): RecordAnswer => ({
  kind: 'record',
  record: keyRecord(key, change),
})

export interface VendingWorld {
  record: () => Promise<RecordAnswer>
  /** Older keys, newest first. */
  older: () => Promise<PublishedKey[]>
  exchange: (key: string) => Promise<ExchangeAnswer>
  identity: () => Promise<ExchangeAnswer>
  ask: () => Promise<void>
}

export function vendor({ keyless = [], random = () => 0.5 }: { keyless?: string[]; random?: () => number } = {}) {
  const clock = twoHands()
  const seen = {
    reads: 0,
    listed: 0,
    /** Keys that went to the token service, in order; `identity` where it was our own. */
    exchanged: [] as string[],
    asked: [] as object[],
    reports: [] as VendingEvent[],
  }
  const token = (text: string, seconds = 600): ExchangeAnswer => ({
    kind: 'token',
    token: Secret.of(text),
    expiresAt: new Date(clock.now().getTime() + seconds * 1_000),
  })
  const world: VendingWorld = {
    record: async () => recordWith('first key'),
    older: async () => [],
    exchange: async () => token(`token ${seen.exchanged.length}`),
    identity: async () => token(`token ${seen.exchanged.length}`),
    ask: async () => {},
  }
  const issue = issueToken({
    records: {
      newest: () => {
        seen.reads += 1
        return world.record()
      },
      another: async (_name, account, refused) => {
        seen.listed += 1
        const older = await world.older()
        return older.find((each) => each.providerAddress === account && each.fingerprint !== refused)
      },
    },
    tokens: {
      exchange: (_place, key) => {
        seen.exchanged.push(key.reveal())
        return world.exchange(key.reveal())
      },
      exchangeIdentity: () => {
        seen.exchanged.push('identity')
        return world.identity()
      },
    },
    checks: {
      send: (check) => {
        seen.asked.push(check)
        return world.ask()
      },
    },
    clock,
    cloud: publicCloud,
    keyless: new Set(keyless),
    random,
    report: (event) => void seen.reports.push(event),
  })
  /** What the account's next caller is told: the token, or the code of a refusal. */
  const vend = async (account = 'speech-west'): Promise<string> => {
    const result = await issue(account)
    return result.kind === 'issued' ? result.issued.token.reveal() : result.code
  }
  /** Callers come every so many seconds, for so long; the answers that were different from the one before. */
  const vendEvery = async (seconds: number, forSeconds: number): Promise<string[]> => {
    const answers: string[] = []
    for (let at = 0; at < forSeconds; at += seconds) {
      clock.advance(seconds * 1_000)
      const answer = await vend()
      if (answer !== answers.at(-1)) answers.push(answer)
      await settled()
    }
    return answers
  }
  return { issue, vend, vendEvery, clock, seen, world, token }
}

/** Lets what runs in the background come to an end. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A promise that the test keeps open until it likes. */
export function pending<T>() {
  let settle: (value: T) => void = () => {}
  const promise = new Promise<T>((resolve) => {
    settle = resolve
  })
  return { promise, settle }
}
