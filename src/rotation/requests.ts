// What operators may ask for: a rotation now, or the end of a key. The answer says at once what it would do.

import { slots as bothSlots, otherSlot, type Slot } from '../common/account.ts'
import type { FleetSettings } from './fleet.ts'
import { findByName } from './fleet-names.ts'
import type { History } from './history.ts'
import { type Look, type LookDeps, look } from './look.ts'
import { type CurrentKeys, liveSlot, type Plan, type Request, type SkipReason } from './plan.ts'
import type { Outbox } from './ports.ts'

/** A request that names keys by their fingerprints, so that a message of any age does nothing twice. */
export interface RequestMessage {
  readonly account: string
  readonly request: Exclude<Request, { kind: 'check' }>
  readonly attempt?: number
  /** When an operator asked for it, as ISO 8601 in UTC; what is put back keeps it. */
  readonly askedAt?: string
}

/** What an operator asks to revoke. */
export type Doomed = 'live' | 'idle' | 'both'

export type Asked =
  | { readonly kind: 'unknown-account' }
  /** Put on the queue; the plan is what a run would do now. */
  | { readonly kind: 'accepted'; readonly plan: Plan }
  /** A dry run, or a deployment that only plans. */
  | { readonly kind: 'planned'; readonly plan: Plan }
  | { readonly kind: 'in-grace'; readonly until: Date }
  | { readonly kind: 'not-possible'; readonly reason: SkipReason | 'not-published' }

export interface RequestDeps extends LookDeps {
  readonly settings: FleetSettings
  readonly requests: Outbox<RequestMessage>
  readonly mode: 'apply' | 'plan'
}

type Options = { readonly dryRun: boolean }
type Asking = RequestMessage['request']

/** @throws AppError when Azure refuses or does not answer. */
export const askForRotation =
  (deps: RequestDeps) =>
  (name: string, options: Options): Promise<Asked> =>
    ask(deps, name, options, (history, current) => {
      const live = liveSlot(history, current)
      return live && { kind: 'rotate', live: current[live] }
    })

/** No pause and no grace stops a revoke. @throws AppError when Azure refuses or does not answer. */
export const askForRevoke =
  (deps: RequestDeps) =>
  async (name: string, doomed: Doomed, options: Options): Promise<Asked> => {
    const asked = await ask(deps, name, options, (history, current) => {
      const live = liveSlot(history, current) ?? stoppedSlot(history, current)
      const kill = doomedSlots(doomed, live).map((slot) => current[slot])
      return kill.length === 0 ? undefined : { kind: 'revoke', kill }
    })
    // What is missing is a key to name: with one, a pause would stop nothing.
    const paused = asked.kind === 'not-possible' && asked.reason === 'held'
    return paused ? { kind: 'not-possible', reason: 'not-published' } : asked
  }

/** Which slot is live is only known where something of ours is published; both can be named without. */
function doomedSlots(doomed: Doomed, live: Slot | undefined): readonly Slot[] {
  if (doomed === 'both') return bothSlots
  if (live === undefined) return []
  return [doomed === 'live' ? live : otherSlot(live)]
}

/**
 * A version that somebody disabled counts as touched by hand, and proves nothing. Whoever stops an account and then
 * asks for a revoke of its live key means the key that it says.
 */
function stoppedSlot({ disabled, top }: History, current: CurrentKeys): Slot | undefined {
  const told = disabled ? new Set(top.map(({ record }) => record.fingerprint)) : new Set()
  return told.size === 1 ? bothSlots.find((slot) => told.has(current[slot])) : undefined
}

/** @param name the keys that the request is about; `undefined` when there are none to name. */
async function ask(
  deps: RequestDeps,
  account: string,
  { dryRun }: Options,
  name: (history: History, current: CurrentKeys) => Asking | undefined,
): Promise<Asked> {
  let asking: Asking | undefined
  const seen = await lookAt(deps, account, ({ current, history }) => {
    asking = current && name(history, current)
    return asking ?? { kind: 'check' }
  })
  if (seen === undefined) return { kind: 'unknown-account' }
  const { plan, id } = seen
  if (plan.kind === 'skip') return { kind: 'not-possible', reason: plan.reason }
  if (asking === undefined) return { kind: 'not-possible', reason: 'not-published' }
  if (dryRun || deps.mode === 'plan') return { kind: 'planned', plan }
  if (plan.kind === 'wait') return { kind: 'in-grace', until: plan.until }
  await deps.requests.send({ account: id, request: asking, askedAt: deps.clock.now().toISOString() })
  return { kind: 'accepted', plan }
}

async function lookAt(
  deps: RequestDeps,
  name: string,
  request: Parameters<typeof look>[4],
): Promise<(Look & { readonly id: string }) | undefined> {
  const account = await findByName(deps, name)
  if (!account) return undefined
  return { ...(await look(deps, account, name, { kind: 'found', account }, request)), id: account.id }
}
