// Client-side pacing below the limits of ARM (contract A5) and Key Vault (contract B2), per subscription and per vault.

import type { Clock } from '../common/clock.ts'
import type { Pacing } from '../rotation/ports.ts'
import { type Bucket, createBucket, type Limit } from './pacing-bucket.ts'
import type { Line } from './pacing-line.ts'
import { createWindow, type WindowLimit } from './pacing-window.ts'

/** ARM counts POST actions, `listKeys` included, as writes. */
type Kind = 'reads' | 'writes'

/** Today's limits: buckets per principal and subscription. */
const BUCKETS: Readonly<Record<Kind, Limit>> = {
  reads: { size: 250, perSecond: 25 },
  writes: { size: 200, perSecond: 10 },
}
/** The older ones: so many per hour. They are told apart by what is answered (see `answered`). */
const HOURLY: Readonly<Record<Kind, Limit>> = {
  reads: { size: 12_000, perSecond: 12_000 / 3_600 },
  writes: { size: 1_200, perSecond: 1_200 / 3_600 },
}
/**
 * A vault takes 300 creates in any 10 seconds (contract B2), and does not tell what is left. Calls do not arrive as
 * evenly as they leave: a tenth of a second for all of them, and four for those that take longer.
 */
const CREATES: WindowLimit = { most: 296, spanMs: 10_100 }
/** Of 4,000 other calls in 10 seconds: what is at once plus what is refilled by then stays below. */
const OTHER_CALLS: Limit = { size: 200, perSecond: 370 }

/** The part of an answer that pacing looks at. */
interface Answer {
  readonly status: number
  readonly headers: { get(name: string): string | undefined }
}

interface Request {
  readonly method: string
}

/** What one kind of client waits for and tells. */
export interface Lane {
  /** Until one more call may be made that changes nothing. @param first ahead of all others like it: for a revoke. */
  ready(kind: Kind, first?: boolean): Promise<void>
  /** A pipeline policy: sees each try on the wire, and learns from its answer. Waits for nothing. */
  readonly policy: {
    readonly name: string
    sendRequest<Q extends Request, A extends Answer>(request: Q, next: (request: Q) => Promise<A>): Promise<A>
  }
}

export interface AzurePacing extends Pacing {
  subscription(id: string): Lane
  readonly vault: Lane
}

export function azurePacing(clock: Clock): AzurePacing {
  const places = new Map<string, Readonly<Record<Kind, Bucket>>>()
  const subscription = (id: string) => {
    const name = `subscription ${id.toLowerCase()}`
    const bucket = (kind: Kind) => createBucket(clock, `${kind} of ${name}`, BUCKETS[kind])
    const place = places.get(name) ?? { reads: bucket('reads'), writes: bucket('writes') }
    places.set(name, place)
    return place
  }
  const vault = {
    reads: createBucket(clock, 'reads of the vault', OTHER_CALLS),
    writes: createWindow(clock, 'creates of the vault', CREATES),
  }
  return {
    subscription: (id) => {
      const buckets = subscription(id)
      return lane(clock, buckets, (method) => (method === 'GET' ? 'reads' : 'writes'), learnFrom(buckets))
    },
    vault: lane(clock, vault, (method) => (method === 'PUT' ? 'writes' : 'reads')),
    toRegenerate: (id) => subscription(id).writes.take(true),
    toPublish: () => vault.writes.take(true),
  }
}

/** The options of a client that tells a lane what is answered, try by try. @param last the policy after that one. */
export const pacedBy = <Last = never>(lane: Lane | undefined, ...last: Last[]) => ({
  additionalPolicies: [...(lane ? [lane.policy] : []), ...last].map((policy) => ({
    policy,
    position: 'perRetry' as const,
  })),
})

/** A call of that kind leaves; what is returned is told its answer, or that none came. */
type Watch = (kind: Kind) => (answer: Answer | undefined) => void

function lane(
  clock: Clock,
  lines: Readonly<Record<Kind, Line>>,
  kindOf: (method: string) => Kind,
  watch: Watch = () => () => undefined,
): Lane {
  return {
    ready: (kind, first) => lines[kind].take(first),
    policy: {
      name: 'keystilePacing',
      async sendRequest(request, next) {
        const kind = kindOf(request.method)
        const ended = watch(kind)
        const answer = await next(request).catch((error: unknown) => {
          ended(undefined)
          throw error
        })
        ended(answer)
        if (answer.status === 429) lines[kind].pause(retryAfter(answer, clock) ?? 1_000)
        return answer
      },
    },
  }
}

/**
 * ARM answers what is left to this principal. With buckets it also answers what is left to all of the subscription;
 * with the hourly allowance it does not, and that tells the two apart.
 */
function learnFrom(buckets: Readonly<Record<Kind, Bucket>>): Watch {
  return (kind) => {
    const bucket = buckets[kind]
    const ended = bucket.sending()
    return (answer) => {
      const left = (of: string) => count(answer?.headers.get(`x-ms-ratelimit-remaining-subscription-${of}`))
      const [own, shared] = [left(kind), left(`global-${kind}`)]
      if (own !== undefined) bucket.learn(Math.min(own, shared ?? own), (shared === undefined ? HOURLY : BUCKETS)[kind])
      ended()
    }
  }
}

const count = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined

/** As long as the longest allowance lasts. An answer that says more would stop everything until the next start. */
const LONGEST_PAUSE_MS = 3_600_000

/** Milliseconds; the header holds seconds or a date. */
function retryAfter({ headers }: Answer, clock: Clock): number | undefined {
  const text = headers.get('retry-after')
  const seconds = count(text)
  if (seconds !== undefined) return Math.min(seconds * 1_000, LONGEST_PAUSE_MS)
  const date = Date.parse(text ?? '')
  return Number.isNaN(date) ? undefined : Math.min(Math.max(0, date - clock.now().getTime()), LONGEST_PAUSE_MS)
}
