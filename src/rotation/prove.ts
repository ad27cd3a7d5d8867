// Does the service accept this key yet? Only a yes publishes, and "could not ask" is its own answer.

import { hasTokenService } from '../common/account.ts'
import type { Clock } from '../common/clock.ts'
import type { Place } from '../common/cloud.ts'
import { unreachable } from '../common/errors.ts'
import type { Secret } from '../common/secret.ts'
import type { KeyJudge, Verdict } from './ports.ts'

/** All in milliseconds. */
export interface ProofTerms {
  /** How long a refused key is asked for again: new keys take a while to be known everywhere. */
  readonly windowMs: number
  readonly spacingMs: number
  /** How long an unprovable key rests before it is published. */
  readonly settleMs: number
}

/**
 * - `accepted`: three exchanges in a row, each on a connection of its own.
 * - `unsupported`: accounts of this kind have no token service; the settle time has passed.
 * - `rejected`: refused to the end, while the account's other key is accepted.
 * - `unknown`: nobody could say; `reason` names why.
 */
export type Proof =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'unsupported' }
  | { readonly kind: 'rejected' }
  | { readonly kind: 'unknown'; readonly reason: string }

export interface Candidate {
  readonly place: Place
  /** The account's kind, such as `SpeechServices`. */
  readonly accountKind: string
  readonly key: Secret
  /** The key of the other slot: what tells a key that is not known yet from a service that takes none. */
  readonly other: Secret
}

const TIMES = 3

export const proveKey =
  (deps: { judge: KeyJudge; clock: Clock; terms: ProofTerms }) =>
  async ({ place, accountKind, key, other }: Candidate): Promise<Proof> => {
    const { judge, clock, terms } = deps
    const hasSts = hasTokenService(accountKind)
    const startedAt = clock.elapsed()
    for (let accepted = 0; ; ) {
      const verdict = await judge.judge(place, key)
      if (verdict.kind === 'accepted') {
        accepted += 1
        if (accepted === TIMES) return { kind: 'accepted' }
      } else {
        accepted = 0
        const last = clock.elapsed() - startedAt >= terms.windowMs
        const proof = await settleRefusal(verdict, hasSts, last, () => judge.judge(place, other))
        if (proof?.kind === 'unsupported') await clock.sleep(terms.settleMs)
        if (proof) return proof
      }
      await clock.sleep(terms.spacingMs)
    }
  }

/** What a refusal proves; `undefined` while it may still turn. */
async function settleRefusal(
  verdict: Exclude<Verdict, { kind: 'accepted' }>,
  hasSts: boolean,
  last: boolean,
  judgeOther: () => Promise<Verdict>,
): Promise<Proof | undefined> {
  switch (verdict.kind) {
    case 'unknown':
      return last ? verdict : undefined
    case 'unsupported':
      return hasSts ? { kind: 'unknown', reason: 'no-token-service' } : verdict
    case 'refused': {
      if (hasSts && !last) return undefined
      const other = await judgeOther()
      if (other.kind === 'refused')
        return hasSts ? { kind: 'unknown', reason: 'both-refused' } : { kind: 'unsupported' }
      if (!last) return undefined
      return other.kind === 'accepted' ? { kind: 'rejected' } : { kind: 'unknown', reason: 'other-key-unjudged' }
    }
    default:
      return unreachable(verdict)
  }
}
