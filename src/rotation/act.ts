// Carries out one plan: regenerate, prove, publish, read back. Each step may be the last one that happens.

import { otherSlot, type Slot } from '../common/account.ts'
import { AppError, unreachable } from '../common/errors.ts'
import { type Tags, tag } from '../common/record.ts'
import { fingerprintOf, Secret } from '../common/secret.ts'
import { latestOf, readHistory } from './history.ts'
import type { Plan } from './plan.ts'
import type { KeyPair } from './ports.ts'
import { type Acted, type CheckDeps, isLate, type Outcome, type Run } from './run.ts'
import { write } from './write.ts'

const DAY = 86_400_000
/** Key Vault says "near expiry" 30 days ahead: that is then a week after a rotation was due. */
const EXPIRY_SLACK = 37 * DAY

/** @throws AppError when Azure refuses or does not answer. */
export async function act(deps: CheckDeps, run: Run): Promise<Acted> {
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
  if (notBefore) await deps.clock.sleep(untilThen(deps, run, notBefore))
  const first = await proveAndPublish(deps, run, slots[0], keysOf(run))
  if (!isWithheld(first) || first.reason !== 'rejected') return first
  return isLate(deps, run) ? { kind: 'unsettled' } : proveAndPublish(deps, run, slots[1], keysOf(run))
}

/** The second of a version that exists has begun by the vault's clock: more than that, ours cannot be behind. */
function untilThen({ clock }: CheckDeps, { skewMs }: Run, then: Date): number {
  return Math.min(Math.max(0, then.getTime() - clock.now().getTime()), skewMs + 2_000)
}

async function regenerate(deps: CheckDeps, run: Run, slot: Slot, publishAfter: boolean): Promise<Acted> {
  const before = keysOf(run)
  if (deps.pacing) await deps.pacing.toRegenerate(run.id.subscription)
  // What is regenerated is proved in this run.
  if (isLate(deps, run)) return { kind: 'unsettled' }
  const after = await write(deps, run.held, `regenerate ${slot}`, async (deadlineMs) => {
    const answer = await deps.accounts.regenerate(run.id, slot, deadlineMs)
    // Not a definite answer: the key may become another one yet, so the lease is kept.
    if (fingerprintOf(answer[slot]) === fingerprintOf(before[slot]))
      throw new AppError('upstream_unreachable', `regenerate ${slot} of ${run.id.id}: the key is what it was`)
    return answer
  })
  const sibling = otherSlot(slot)
  // Somebody else changed the other key meanwhile: what was planned on no longer holds.
  if (fingerprintOf(after[sibling]) !== fingerprintOf(before[sibling])) return 'changed'
  if (!publishAfter) return 'step'
  const acted = await proveAndPublish(deps, run, slot, after)
  return isWithheld(acted) ? { ...acted, regenerated: true } : acted
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
      return { kind: 'withheld', slot, reason: 'rejected', regenerated: false }
    case 'unknown':
      return { kind: 'withheld', slot, reason: proof.reason, regenerated: false }
    default:
      return unreachable(proof)
  }
}

/**
 * Adds the version, unless somebody has been at the secret since the plan: a proof takes minutes, and a publish lifts an
 * emergency stop. Then reads back: only a version that readers now get counts as published.
 */
async function publish(
  deps: CheckDeps,
  run: Run,
  slot: Slot | 'none',
  { value, sibling, proof }: { value: Secret; sibling: string | undefined; proof: string },
): Promise<Acted> {
  if (deps.pacing) await deps.pacing.toPublish()
  const before = await deps.store.read(run.name)
  if (before.kind === 'deleted' || latestOf(before.versions) !== run.latest) return 'changed'
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
  await write(deps, run.held, `publish ${slot}`, (deadlineMs) =>
    deps.store.publish(run.name, { value, tags, expiresAt }, deadlineMs),
  )
  const after = await deps.store.read(run.name)
  const newest = after.kind === 'versions' ? readHistory(after.versions, 0).newest : undefined
  const stands = slot === 'none' ? newest?.credentialId === 'none' : newest?.fingerprint === fingerprint
  return stands ? { kind: 'published', slot, fingerprint, proof } : 'changed'
}

function keysOf({ keys }: Run): KeyPair {
  if (keys.kind !== 'keys') throw new TypeError('a plan that acts must have keys')
  return keys.keys
}
