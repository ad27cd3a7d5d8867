// The way of one account: read, plan, act, and plan again while the world moves.

import { type AccountId, parseAccountName } from '../common/account.ts'
import { act } from './act.ts'
import { keyAgeOf } from './key-age.ts'
import { look } from './look.ts'
import type { Plan, Request } from './plan.ts'
import type { AccountAnswer } from './ports.ts'
import {
  type Acted,
  type CheckDeps,
  type Held,
  isLate,
  type Outcome,
  type Report,
  type Run,
  type Target,
} from './run.ts'
import { Overtaken } from './write.ts'

const PLANS = 3

/**
 * Brings one account to where it should be. Safe to run twice, at any age, and to stop anywhere: the next run
 * finishes the work.
 *
 * @throws AppError when Azure refuses or does not answer; the queue then delivers the message again.
 */
export const checkAccount =
  (deps: CheckDeps) =>
  async (id: AccountId, request: Request): Promise<Report> => {
    const startedAt = deps.clock.elapsed()
    const first = await deps.accounts.get(id)
    const name = deps.secretNameOf(id, first.kind === 'found' ? first.account.tags : {})
    // A tag may ask for anything, also for what no secret can be called.
    if (parseAccountName(name) === undefined) return nothingDone({ kind: 'skipped', reason: 'bad-secret-name' })
    const answer = await deps.lease.acquire(name)
    if (answer.kind === 'busy') return nothingDone(answer)
    const held: Held = { lease: answer.lease, planned: [], did: [], pending: false }
    const target = { id, name, request, held, startedAt }
    let outcome: Outcome | undefined
    try {
      outcome = await (answer.clean ? settle(deps, target, first) : settleAfterQuarantine(deps, target))
      const live = outcome.kind === 'published' ? undefined : held.live
      return { outcome, planned: held.planned, did: held.did, ...(live && { live }) }
    } finally {
      const { lease, planned, did, pending } = held
      if (pending) lease.abandon()
      else
        await lease.release({
          at: deps.clock.now().toISOString(),
          account: id.id,
          planned,
          did,
          outcome: outcome ?? { kind: 'failed' },
        })
    }
  }

const nothingDone = (outcome: Outcome): Report => ({ outcome, planned: [], did: [] })

/** The run before us did not give its lease back: what it sent may still land, so nothing is believed until then. */
async function settleAfterQuarantine(deps: CheckDeps, target: Target): Promise<Outcome> {
  await deps.clock.sleep(deps.timing.quarantineMs)
  return settle(deps, target, await deps.accounts.get(target.id))
}

async function settle(deps: CheckDeps, target: Target, first: AccountAnswer): Promise<Outcome> {
  let account = first
  // A revoke takes up to three plans of its own; whatever goes on after that is not getting anywhere.
  for (let plans = 0, changes = 0; changes < PLANS && plans < 2 * PLANS && !isLate(deps, target); plans += 1) {
    const run = await lookAndPlan(deps, target, account)
    if (run.kind !== 'run') return run
    if (deps.mode === 'plan') return { kind: 'planned', plan: run.plan }
    const acted = await actInTime(deps, run)
    if (acted === 'changed') changes += 1
    else if (acted !== 'step' && !goesOn(run, acted)) return acted
    account = await deps.accounts.get(target.id)
  }
  return { kind: 'unsettled' }
}

async function actInTime(deps: CheckDeps, run: Run): Promise<Acted> {
  try {
    return await act(deps, run)
  } catch (error) {
    if (error instanceof Overtaken) return { kind: 'overtaken' }
    throw error
  }
}

/** A revoke is not done with its first publication: a key that must die may still be current. */
const goesOn = ({ request }: Run, outcome: Outcome): boolean =>
  request.kind === 'revoke' && outcome.kind === 'published'

async function lookAndPlan(deps: CheckDeps, target: Target, account: AccountAnswer): Promise<Run | Outcome> {
  const { id, name, request, held } = target
  // The lease is that of one secret. By another name it is another secret, which is for the next run.
  if (account.kind === 'found' && deps.secretNameOf(id, account.account.tags) !== name) return { kind: 'unsettled' }
  const seen = await look(deps, id, name, account, request)
  const { plan, terms, keys, history, latest } = seen
  held.planned.push(plan.kind)
  // What is skipped may be somebody else's record; a pause is ours, and does not stop the clock.
  const ours = plan.kind !== 'skip' || plan.reason === 'held'
  held.live = ours
    ? keyAgeOf(history, seen.policy, { now: deps.clock.now(), checkEveryMs: deps.checkEveryMs })
    : undefined
  if (plan.kind === 'skip') return skipped(plan)
  if (seen.account.kind !== 'found') throw new TypeError('a plan that acts must have an account')
  if (seen.deleted) return recover(deps, target, plan)
  // Only a revoke is planned in spite of bad policy tags: what it publishes lasts as long as the settings say.
  const policy = seen.policy.kind === 'bad' ? deps.policy : seen.policy
  const { newest, switchedAt } = history
  const live = newest?.fingerprint && switchedAt ? { fingerprint: newest.fingerprint, switchedAt } : undefined
  const { publisher, skewMs } = terms
  const { account: found } = seen.account
  return { ...target, kind: 'run', plan, account: found, keys, latest, policy, publisher, skewMs, live }
}

async function recover(deps: CheckDeps, { name, held }: Target, plan: Plan): Promise<Outcome> {
  if (deps.mode === 'plan') return { kind: 'planned', plan }
  await deps.store.recover(name)
  held.did.push('recover')
  return { kind: 'recovering' }
}

const skipped = ({ reason, detail }: Extract<Plan, { kind: 'skip' }>): Outcome =>
  detail === undefined ? { kind: 'skipped', reason } : { kind: 'skipped', reason, detail }
