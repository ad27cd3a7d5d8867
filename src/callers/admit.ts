// Whether a known caller may ask at all, before anybody looks at what for.

import type { Caller } from './caller.ts'
import { type Quota, type RateTerms, rateLimit } from './rate-limit.ts'

export interface AdmissionTerms {
  /** Object ids and application ids, lower case. */
  readonly denied: ReadonlySet<string>
  readonly rate: RateTerms
}

export type Admission = { readonly kind: 'denied' } | { readonly kind: 'admitted' | 'limited'; readonly quota: Quota }

/** Denial comes first: a caller who is turned away costs nobody's quota, and is told so however often it asks. */
export function admit({ denied, rate }: AdmissionTerms): (caller: Caller) => Admission {
  const take = rateLimit(rate)
  return ({ objectId, appId }) => {
    if (denied.has(objectId) || denied.has(appId)) return { kind: 'denied' }
    const quota = take(objectId)
    return { kind: quota.taken ? 'admitted' : 'limited', quota }
  }
}
