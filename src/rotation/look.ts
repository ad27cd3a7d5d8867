// Reads all that a plan is made from, and plans. Writes nothing, so that a dry run is the same look.

import type { AccountId } from '../common/account.ts'
import { readRecord, type Tags } from '../common/record.ts'
import { fingerprintOf } from '../common/secret.ts'
import { type History, latestOf, readHistory } from './history.ts'
import { type CurrentKeys, type KeyState, type Plan, planRotation, type Request, type Terms } from './plan.ts'
import { type Policy, policyOf } from './policy.ts'
import type { AccountAnswer, KeyPair, KeysAnswer, SecretVersion } from './ports.ts'
import type { CheckDeps } from './run.ts'

export type LookDeps = Pick<CheckDeps, 'accounts' | 'store' | 'clock' | 'policy' | 'termsOf'>

/** What was seen of one account, and what follows from it. */
export interface Look {
  readonly plan: Plan
  readonly account: AccountAnswer
  readonly keys: KeysAnswer
  /** Absent where the keys could not be had. */
  readonly current: CurrentKeys | undefined
  readonly history: History
  /** By {@link latestOf}: what the plan was made on. */
  readonly latest: string
  readonly policy: Policy
  readonly terms: Terms
  readonly deleted: boolean
}

/**
 * Versions are read first, keys after: a key that is published in between is then already known as current.
 *
 * @param account as read a moment ago.
 * @param request may be made from what is seen: which key is live, say.
 */
export async function look(
  deps: LookDeps,
  id: AccountId,
  name: string,
  account: AccountAnswer,
  request: Request | ((seen: { readonly current: CurrentKeys | undefined; readonly history: History }) => Request),
): Promise<Look> {
  const tags = account.kind === 'found' ? account.account.tags : {}
  const terms = deps.termsOf(id, tags)
  const policy = policyOf(tags, deps.policy)
  const secret = await deps.store.read(name)
  const versions = secret.kind === 'versions' ? secret.versions : [asVersion(secret.tags)]
  const keys = await readKeys(deps, account, terms)
  const state = toKeyState(keys)
  const current = state.kind === 'keys' ? state.fingerprints : undefined
  const history = readHistory(versions, terms.skewMs)
  const asked = typeof request === 'function' ? request({ current, history }) : request
  const now = deps.clock.now()
  const plan = planRotation({ account, versions, keys: state, policy, terms, request: asked, now })
  const latest = latestOf(versions)
  return { plan, account, keys, current, history, latest, policy, terms, deleted: secret.kind === 'deleted' }
}

/** A deleted secret is judged by its deleted tags before it is asked back: it may be somebody else's. */
const asVersion = (tags: Tags): SecretVersion => {
  const at = readRecord(tags).publishedAt ?? new Date(0)
  return { version: 'deleted', createdAt: at, updatedAt: at, enabled: true, tags }
}

/** Keys are asked for only where an account is ours to look at. */
async function readKeys(deps: LookDeps, account: AccountAnswer, terms: Terms): Promise<KeysAnswer> {
  if (account.kind !== 'found') return account
  if (!terms.enrolled) return { kind: 'refused' }
  return account.account.localAuthDisabled ? { kind: 'local-auth-disabled' } : deps.accounts.listKeys(account.account)
}

const toKeyState = (answer: KeysAnswer): KeyState =>
  answer.kind === 'keys' ? { kind: 'keys', fingerprints: fingerprintsOf(answer.keys) } : answer

const fingerprintsOf = (keys: KeyPair) => ({ key1: fingerprintOf(keys.key1), key2: fingerprintOf(keys.key2) })
