// The rules of the protocol, each with a way to take it out and the scenarios in which it is missed.

import { AppError } from '../../../src/common/errors.ts'
import type { CheckDeps } from '../../../src/rotation/run.ts'
import { asItIs, type Make } from './execution.ts'
import { messages as m, scenario } from './scenarios.ts'
import { type Change, checkAccountWith } from './without.ts'
import type { Scenario } from './world.ts'

/** A rule that is gone, and where to look for the trace that misses it. */
export interface Removal {
  readonly rule: string
  readonly make: () => Make
  readonly scenarios: readonly Scenario[]
  /** Why no trace is found within the bounds; absent where one must be. */
  readonly unmissed?: string
}

const alter = (change: (deps: CheckDeps) => CheckDeps) => (): Make => ({ ...asItIs, alter: change })
const edit =
  (file: string, ...edits: Change['edits']) =>
  (): Make => ({ ...asItIs, checkAccount: checkAccountWith({ file, edits }) })

/** Sends a write again when no answer came, as an SDK does. */
async function insist<T>(send: () => Promise<T>): Promise<T> {
  try {
    return await send()
  } catch (error) {
    if (error instanceof AppError && error.code === 'upstream_unreachable') return send()
    throw error
  }
}

const lost = { losses: 1 } as const
const byHand = { humans: 1 } as const

export const removals: readonly Removal[] = [
  {
    rule: 'lease: one run at a time',
    make: () => asItIs,
    scenarios: [scenario('due', [m.check, m.check], { leaseless: true, shortLives: false, ticks: [] })],
  },
  {
    rule: 'a write is sent only while the lease outlives it',
    make: alter((deps) => ({
      ...deps,
      lease: {
        acquire: async (name) => {
          const answer = await deps.lease.acquire(name)
          const until = () => Number.POSITIVE_INFINITY
          return answer.kind === 'busy' ? answer : { ...answer, lease: { ...answer.lease, until } }
        },
      },
    })),
    scenarios: [scenario('due', [m.check, m.check], { shortLives: false, ticks: [] })],
  },
  {
    rule: 'an indefinite answer keeps the lease',
    make: edit('write', ['held.pending = true', 'held.pending = false']),
    scenarios: [scenario('due', [m.check, m.check], lost)],
  },
  {
    rule: 'quarantine after a lease that was not given back',
    make: alter((deps) => ({ ...deps, timing: { ...deps.timing, quarantineMs: 0 } })),
    scenarios: [scenario('due', [m.check, m.check], lost)],
  },
  {
    rule: 'a regenerate is sent once',
    make: alter((deps) => ({
      ...deps,
      accounts: { ...deps.accounts, regenerate: (...all) => insist(() => deps.accounts.regenerate(...all)) },
    })),
    scenarios: [scenario('due', [m.check, m.check], lost)],
  },
  {
    rule: 'a publish is sent once',
    make: alter((deps) => ({
      ...deps,
      store: { ...deps.store, publish: (...all) => insist(() => deps.store.publish(...all)) },
    })),
    scenarios: [scenario('fresh', [m.check, m.revokeLive], lost), scenario('due', [m.check, m.rotate], lost)],
  },
  {
    rule: 'the sibling is unchanged by a regenerate',
    make: edit('act', [
      'if (fingerprintOf(after[sibling]) !== fingerprintOf(before[sibling])) return',
      'if (false) return',
    ]),
    scenarios: [scenario('due', [m.check, m.check], byHand), scenario('due', [m.check, m.rotate], byHand)],
    unmissed: 'the sibling tag is taken from the answer, and the next look sees the new key: it saves a detour',
  },
  {
    rule: 'the versions are read again before a publish',
    make: edit('act', ['latestOf(before.versions) !== run.latest', 'false']),
    scenarios: [scenario('due', [m.check], { humans: 1, hands: ['disable'] })],
  },
  {
    rule: 'read back after a publish',
    make: edit('act', ['return stands ?', 'return true ?']),
    scenarios: [scenario('due', [m.check, m.check], byHand), scenario('fresh', [m.check, m.revokeLive], {})],
  },
  {
    rule: 'two keys of one second are not ordered',
    make: edit('history', ['const tied = latest.marks.size > 1', 'const tied = false']),
    scenarios: [scenario('fresh', [m.check, m.revokeLive], {}), scenario('due', [m.check, m.check], byHand)],
  },
  {
    rule: 'a revoke publishes before it kills where the live key is not known',
    make: edit('plan', ['if (live === undefined) {\n    const survivor', 'if (false) {\n    const survivor']),
    scenarios: [scenario('fresh', [m.check, m.revokeLive], {})],
  },
  {
    rule: 'a revoke moves callers to the other key first',
    make: edit('plan', [
      'if (dies(idle)) return',
      "if (dies(live)) return { kind: 'revoke', slot: live, publish: true }\n  if (dies(idle)) return",
    ]),
    scenarios: [scenario('due', [m.revokeLive], {})],
  },
  {
    rule: 'a revoke is done when every named key is gone',
    make: edit('plan', [
      'return !request.kill.some(',
      'return live !== undefined && !request.kill.some((each) => each === current[live]) || !request.kill.some(',
    ]),
    scenarios: [scenario('due', [m.revokeLive], {}), scenario('due', [m.revokeBoth], {})],
  },
  {
    rule: 'a rotate is done when its key is not live any more',
    make: edit('plan', ['return live !== undefined && current[live] !== request.live', 'return false']),
    scenarios: [scenario('due', [m.check, m.rotate], {})],
  },
  {
    rule: 'a version is ours only if it was made when its tags say',
    make: edit('history', ['> AUTHENTIC_MS) return undefined', '> AUTHENTIC_MS) return record']),
    scenarios: [scenario('due', [m.check, m.check], { humans: 1, hands: ['backup'] })],
  },
  {
    rule: 'a version is not ours if its tags are those of an earlier one',
    make: edit('history', ["const copied = stampOf(version) !== '' &&", 'const copied = false &&']),
    scenarios: [scenario('due', [m.check, m.check], { humans: 1, hands: ['again'] })],
  },
  {
    rule: 'row "skip held": a disabled version stops what is not a revoke',
    make: edit('plan', ["if (isHeld(account, history)) return skip('held')", '']),
    scenarios: [scenario('due', [m.check], { humans: 1, hands: ['disable'] })],
  },
  {
    rule: 'row "wait grace"',
    make: edit('plan', ['if (now < graceEnds) return', 'if (false) return']),
    scenarios: [scenario('grace', [m.check, m.rotate], {})],
  },
  {
    rule: 'grace counts from the end of the second',
    make: edit('history', ['startedAt.getTime() + 1_000 + skewMs', 'startedAt.getTime() + skewMs']),
    scenarios: [scenario('due', [m.check, m.check], { ticks: ['second', 'almost'] })],
  },
  {
    rule: 'grace counts from the unbroken run of versions',
    make: edit('history', [
      'broken === -1 ? seconds : seconds.slice(0, broken)',
      'seconds.filter(({ marks }) => marks.has(mark))',
    ]),
    scenarios: [scenario('due', [m.check, m.rotate], byHand), scenario('grace', [m.check, m.rotate], byHand)],
  },
  {
    rule: 'row "publish": an unfinished regenerate is finished',
    make: edit('plan', ['if (sibling !== undefined && sibling !== current[idle]) return', 'if (false) return']),
    scenarios: [scenario('due', [m.check, m.check], {})],
  },
  {
    rule: 'nothing is published without a proof',
    make: alter((deps) => ({ ...deps, prove: async () => ({ kind: 'accepted' }) })),
    scenarios: [scenario('due', [m.check, m.check], {})],
  },
  {
    rule: 'versions are read before keys',
    make: edit(
      'look',
      ['  const secret = await', '  const keys = await readKeys(deps, account, terms)\n  const secret = await'],
      ['  const keys = await readKeys(deps, account, terms)\n  const state', '  const state'],
    ),
    scenarios: [scenario('due', [m.check, m.check], byHand), scenario('due', [m.check, m.revokeLive], lost)],
    unmissed: 'the lease keeps other runs out of a look, and a stale key does not pass its proof',
  },
]
