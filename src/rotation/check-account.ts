// Carries out what planRotation decides for one account: read, plan, act, read back.

import { type AccountId, otherSlot, type Slot } from '../common/account.ts'
import type { Clock } from '../common/clock.ts'
import { unreachable } from '../common/errors.ts'
import { type Tags, tag } from '../common/record.ts'
import { fingerprintOf, Secret } from '../common/secret.ts'
import { readHistory } from './history.ts'
import { type KeyState, type Plan, planRotation, type Request, type SkipReason, type Terms } from './plan.ts'
import { type Policy, type PolicySettings, policyOf } from './policy.ts'
import type {
  Account,
  AccountAnswer,
  AiAccounts,
  CheckQueue,
  KeyPair,
  KeysAnswer,
  Lease,
  RecordStore,
  SecretVersion,
} from './ports.ts'
import type { Candidate, Proof } from './prove.ts'

/** How one run ended. All of these are normal endings; only failures throw. */
export type Outcome =
  | { readonly kind: 'skipped'; readonly reason: SkipReason; readonly detail?: string }
  | { readonly kind: 'waiting'; readonly why: 'not-due' | 'grace' | 'deleted'; readonly until?: Date }
  | { readonly kind: 'done' }
  | { readonly kind: 'published'; readonly slot: Slot | 'none'; readonly fingerprint: string; readonly proof: string }
  /** A key was not published because nobody proved that it works; the old one stays live. */
  | { readonly kind: 'withheld'; readonly slot: Slot; readonly reason: string }
  /** Another run holds the lease. */
  | { readonly kind: 'busy' }
  /** The world moved under each of three plans; the next check goes on. */
  | { readonly kind: 'unsettled' }
  /** Mode `plan`: what would have been done. */
  | { readonly kind: 'planned'; readonly plan: Plan }

export interface CheckDeps {
  readonly accounts: AiAccounts
  readonly store: RecordStore
  readonly lease: Lease
  readonly checks: CheckQueue
  readonly clock: Clock
  readonly prove: (candidate: Candidate) => Promise<Proof>
  readonly policy: PolicySettings
  readonly mode: 'apply' | 'plan'
  /** Period of the check itself, in milliseconds: the least time by which a rotation may be late. */
  readonly checkEveryMs: number
  readonly termsOf: (id: AccountId, tags: Tags) => Terms
  readonly secretNameOf: (id: AccountId, tags: Tags) => string
}

const PLANS = 3
/** A recovered secret is readable some seconds later (contract B1). */
const RECOVERY_MS = 15_000
const DAY = 86_400_000
/** Key Vault says "near expiry" 30 days ahead: that is then a week after a rotation was due. */
const EXPIRY_SLACK = 37 * DAY

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

interface Target {
  readonly id: AccountId
  readonly name: string
  readonly request: Request
}

/** `changed`: what was planned on no longer holds. `step`: one part of a revoke is done. */
type Acted = Outcome | 'changed' | 'step'

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

/** One plan that acts, and everything that it was made from. */
interface Run extends Target {
  readonly kind: 'run'
  readonly plan: Exclude<Plan, { kind: 'skip' }>
  readonly account: Account
  readonly keys: KeysAnswer
  readonly policy: Extract<Policy, { kind: 'policy' }>
  readonly publisher: string
  /** The published key, and the start of its grace. */
  readonly live: { readonly fingerprint: string; readonly switchedAt: Date } | undefined
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

async function act(deps: CheckDeps, run: Run): Promise<Acted> {
  const { plan } = run
  switch (plan.kind) {
    case 'done':
      return plan
    case 'wait':
      return { kind: 'waiting', why: plan.why, until: plan.until }
    case 'keyless':
      return publish(deps, run, 'none', { value: Secret.of('keyless'), sibling: undefined, proof: 'keyless' })
    case 'publish-existing':
      return publishExisting(deps, run, plan)
    case 'publish':
      return proveAndPublish(deps, run, plan.slot, keysOf(run))
    case 'rotate':
      return regenerate(deps, run, plan.slot, true)
    case 'revoke':
      return regenerate(deps, run, plan.slot, plan.publish)
    default:
      return unreachable(plan)
  }
}

async function publishExisting(
  deps: CheckDeps,
  run: Run,
  { slots, notBefore }: Extract<Plan, { kind: 'publish-existing' }>,
): Promise<Acted> {
  if (notBefore) await deps.clock.sleep(Math.max(0, notBefore.getTime() - deps.clock.now().getTime()))
  const first = await proveAndPublish(deps, run, slots[0], keysOf(run))
  return isWithheld(first) && first.reason === 'rejected' ? proveAndPublish(deps, run, slots[1], keysOf(run)) : first
}

async function regenerate(deps: CheckDeps, run: Run, slot: Slot, publishAfter: boolean): Promise<Acted> {
  const before = keysOf(run)
  const after = await deps.accounts.regenerate(run.id, slot)
  const sibling = otherSlot(slot)
  // Somebody else changed the other key meanwhile: what was planned on no longer holds.
  if (fingerprintOf(after[sibling]) !== fingerprintOf(before[sibling])) return 'changed'
  if (!publishAfter) return 'step'
  const acted = await proveAndPublish(deps, run, slot, after)
  if (isWithheld(acted)) await deps.checks.ask({ account: run.id.id })
  return acted
}

const isWithheld = (acted: Acted): acted is Extract<Outcome, { kind: 'withheld' }> =>
  typeof acted === 'object' && acted.kind === 'withheld'

async function proveAndPublish(deps: CheckDeps, run: Run, slot: Slot, keys: KeyPair): Promise<Acted> {
  const { place, kind } = run.account
  const other = keys[otherSlot(slot)]
  const proof = await deps.prove({ place, accountKind: kind, key: keys[slot], other })
  switch (proof.kind) {
    case 'accepted':
    case 'unsupported':
      return publish(deps, run, slot, { value: keys[slot], sibling: fingerprintOf(other), proof: proof.kind })
    case 'rejected':
      return { kind: 'withheld', slot, reason: 'rejected' }
    case 'unknown':
      return { kind: 'withheld', slot, reason: proof.reason }
    default:
      return unreachable(proof)
  }
}

/** Adds the version, then reads back: only a version that readers now get counts as published. */
async function publish(
  deps: CheckDeps,
  run: Run,
  slot: Slot | 'none',
  { value, sibling, proof }: { value: Secret; sibling: string | undefined; proof: string },
): Promise<Acted> {
  const { place, kind } = run.account
  const fingerprint = fingerprintOf(value)
  const now = deps.clock.now()
  const { rotateEveryMs, graceMs } = run.policy
  const switchedAt = run.live?.fingerprint === fingerprint ? run.live.switchedAt : now
  const intervalMs = Math.max(rotateEveryMs, graceMs + deps.checkEveryMs)
  const tags: Tags = {
    [tag.credentialId]: slot,
    [tag.providerAddress]: run.id.id,
    [tag.validityPeriodDays]: String(Math.ceil(intervalMs / DAY)),
    ...(slot === 'none' ? {} : { [tag.fingerprint]: fingerprint }),
    ...(sibling === undefined ? {} : { [tag.sibling]: sibling }),
    [tag.region]: place.region,
    ...(place.subDomain === undefined ? {} : { [tag.subDomain]: place.subDomain }),
    [tag.kind]: kind,
    [tag.publishedAt]: now.toISOString(),
    [tag.publisher]: run.publisher,
  }
  const expiresAt = new Date(switchedAt.getTime() + intervalMs + EXPIRY_SLACK)
  await deps.store.publish(run.name, { value, tags, expiresAt })
  const after = await deps.store.read(run.name)
  const newest = after.kind === 'versions' ? readHistory(after.versions, 0).newest : undefined
  const stands = slot === 'none' ? newest?.credentialId === 'none' : newest?.fingerprint === fingerprint
  return stands ? { kind: 'published', slot, fingerprint, proof } : 'changed'
}

function keysOf({ keys }: Run): KeyPair {
  if (keys.kind !== 'keys') throw new TypeError('a plan that acts must have keys')
  return keys.keys
}
