// A world of one account, a few lines long: carries out plans at once, always with success.

import { otherSlot, type Slot } from '../../src/common/account.ts'
import { tag } from '../../src/common/record.ts'
import { type CurrentKeys, type Plan, planRotation, type Question } from '../../src/rotation/plan.ts'
import type { SecretVersion } from '../../src/rotation/ports.ts'
import { fp } from '../support/rotation.ts'

export interface Walk {
  /** Plans in the order in which they were made; the last one asks for nothing to be written now. */
  readonly plans: readonly Plan[]
  /** What the last plan was made from. */
  readonly end: Question
}

type Acting = Exclude<Plan, { kind: 'skip' | 'done' | 'wait' }>

export const acts = (plan: Plan): plan is Acting => !['skip', 'done', 'wait'].includes(plan.kind)

/**
 * Plans and carries out until nothing is to be done now, or `most` plans were made.
 *
 * @param tickMs time that each step takes; with 0, versions share a second.
 * @param accepted whether the service takes the first key that is tried.
 */
export function walk(start: Question, most: number, tickMs: number, accepted = true): Walk {
  const plans: Plan[] = []
  let question = start
  const newest = Math.max(...start.versions.map(({ createdAt }) => createdAt.getTime()))
  const aheadMs = Math.max(0, newest - start.now.getTime())
  for (;;) {
    const plan = planRotation(question)
    plans.push(plan)
    if (!acts(plan) || plans.length === most) return { plans, end: question }
    question = carryOut(question, plan, { fresh: `new ${plans.length}`, accepted, aheadMs })
    question = { ...question, now: new Date(question.now.getTime() + tickMs) }
  }
}

interface Step {
  readonly fresh: string
  readonly accepted: boolean
  /** By how much the vault's clock is ahead of ours. */
  readonly aheadMs: number
}

function carryOut(question: Question, plan: Acting, { fresh, accepted, aheadMs }: Step): Question {
  switch (plan.kind) {
    case 'keyless':
      return publish(question, 'none', aheadMs)
    case 'publish':
      return publish(question, plan.slot, aheadMs)
    case 'publish-existing': {
      const { notBefore = question.now, slots } = plan
      const now = new Date(Math.max(question.now.getTime(), notBefore.getTime()))
      return publish({ ...question, now }, accepted ? slots[0] : slots[1], aheadMs)
    }
    case 'rotate':
      return publish(regenerate(question, plan.slot, fresh), plan.slot, aheadMs)
    case 'revoke': {
      const after = regenerate(question, plan.slot, fresh)
      return plan.publish ? publish(after, plan.slot, aheadMs) : after
    }
  }
}

/** The keys that the account has now. @throws TypeError where a plan acts on keys that nobody could list. */
export function keysOf({ keys }: Question): CurrentKeys {
  if (keys.kind !== 'keys') throw new TypeError('a plan that acts on keys must have some')
  return keys.fingerprints
}

function regenerate(question: Question, slot: Slot, fresh: string): Question {
  return { ...question, keys: { kind: 'keys', fingerprints: { ...keysOf(question), [slot]: fp(fresh) } } }
}

function publish(question: Question, slot: Slot | 'none', aheadMs: number): Question {
  const { account, versions, now, terms } = question
  if (account.kind !== 'found') throw new TypeError('a plan that acts must have an account')
  const { id, kind, place } = account.account
  const second = new Date(Math.floor((now.getTime() + aheadMs) / 1_000) * 1_000)
  const keys: Record<string, string> =
    slot === 'none'
      ? {}
      : { [tag.fingerprint]: keysOf(question)[slot], [tag.sibling]: keysOf(question)[otherSlot(slot)] }
  const version: SecretVersion = {
    version: `made ${versions.length}`,
    createdAt: second,
    updatedAt: second,
    enabled: true,
    tags: {
      ...keys,
      [tag.credentialId]: slot,
      [tag.providerAddress]: id,
      [tag.region]: place.region,
      ...(place.subDomain === undefined ? {} : { [tag.subDomain]: place.subDomain }),
      [tag.kind]: kind,
      [tag.publishedAt]: now.toISOString(),
      [tag.publisher]: terms.publisher,
    },
  }
  return { ...question, versions: [...versions, version] }
}
