// The way of one account: read, plan, act, and plan again while the world moves.

import type { AccountId } from '../common/account.ts'
import type { Tags } from '../common/record.ts'
import { fingerprintOf } from '../common/secret.ts'
import { act } from './act.ts'
import { readHistory } from './history.ts'
import { type KeyState, type Plan, planRotation, type Request, type Terms } from './plan.ts'
import { policyOf } from './policy.ts'
import type { AccountAnswer, KeyPair, KeysAnswer, SecretVersion } from './ports.ts'
import type { CheckDeps, Outcome, Run, Target } from './run.ts'

const PLANS = 3
/** A recovered secret is readable some seconds later (contract B1). */
const RECOVERY_MS = 15_000
/**
 * Brings one account to where it should be. Safe to run twice, at any age, and to stop anywhere: the next run
 * finishes the work.
 *
 * @throws AppError when Azure refuses or does not answer; the queue then delivers the message again.
 */
export const checkAccount =
  (deps: CheckDeps) =>
  async (id: AccountId, request: Request): Promise<Outcome> => {
    const account = await deps.accounts.get(id)
    const name = deps.secretNameOf(id, account.kind === 'found' ? account.account.tags : {})
    const held = await deps.lease.hold(name, () => settle(deps, { id, name, request }, account))
    return held.kind === 'busy' ? held : held.result
  }

async function settle(deps: CheckDeps, target: Target, first: AccountAnswer): Promise<Outcome> {
  let account = first
  for (let changes = 0; changes < PLANS; ) {
    const run = await readAndPlan(deps, target, account)
    if (run.kind !== 'run') return run
    if (deps.mode === 'plan') return { kind: 'planned', plan: run.plan }
    const acted = await act(deps, run)
    const more =
      acted === 'step' || (target.request.kind === 'revoke' && acted !== 'changed' && acted.kind === 'published')
    if (acted !== 'changed' && acted !== 'step' && !more) return acted
    if (!more) changes += 1
    account = await deps.accounts.get(target.id)
  }
  return { kind: 'unsettled' }
}

async function readAndPlan(deps: CheckDeps, target: Target, account: AccountAnswer): Promise<Run | Outcome> {
  const tags = account.kind === 'found' ? account.account.tags : {}
  const terms = deps.termsOf(target.id, tags)
  const policy = policyOf(tags, deps.policy)
  const secret = await deps.store.read(target.name)
  const versions = secret.kind === 'versions' ? secret.versions : [asVersion(secret.tags)]
  const keys = await readKeys(deps, account, terms)
  const now = deps.clock.now()
  const plan = planRotation({ account, versions, keys: toKeyState(keys), policy, terms, request: target.request, now })
  if (plan.kind === 'skip') return skipped(plan)
  if (account.kind !== 'found' || policy.kind === 'bad') throw new TypeError('a plan that acts must have an account')
  if (secret.kind === 'deleted') return recover(deps, target)
  const { newest, switchedAt } = readHistory(versions, terms.skewMs)
  const live = newest?.fingerprint && switchedAt ? { fingerprint: newest.fingerprint, switchedAt } : undefined
  return { ...target, kind: 'run', plan, account: account.account, keys, policy, publisher: terms.publisher, live }
}

/** A deleted secret is judged by its deleted tags before it is asked back: it may be somebody else's. */
const asVersion = (tags: Tags): SecretVersion => {
  const epoch = new Date(0)
  return { version: 'deleted', createdAt: epoch, updatedAt: epoch, enabled: true, tags }
}

async function recover(deps: CheckDeps, { id, name }: Target): Promise<Outcome> {
  if (deps.mode === 'apply') {
    await deps.store.recover(name)
    await deps.checks.ask({ account: id.id }, RECOVERY_MS)
  }
  return { kind: 'waiting', why: 'deleted' }
}

/** Keys are asked for only where an account is ours to look at. */
async function readKeys(deps: CheckDeps, account: AccountAnswer, terms: Terms): Promise<KeysAnswer> {
  if (account.kind !== 'found') return { kind: 'gone' }
  if (!terms.enrolled) return { kind: 'refused' }
  return account.account.localAuthDisabled ? { kind: 'local-auth-disabled' } : deps.accounts.listKeys(account.account)
}

const toKeyState = (answer: KeysAnswer): KeyState =>
  answer.kind === 'keys' ? { kind: 'keys', fingerprints: fingerprints(answer.keys) } : answer

const fingerprints = (keys: KeyPair) => ({ key1: fingerprintOf(keys.key1), key2: fingerprintOf(keys.key2) })

const skipped = ({ reason, detail }: Extract<Plan, { kind: 'skip' }>): Outcome =>
  detail === undefined ? { kind: 'skipped', reason } : { kind: 'skipped', reason, detail }
