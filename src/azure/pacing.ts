// Client-side pacing below the limits of ARM (contract A5) and Key Vault (contract B2), per subscription and per vault.

import type { Clock } from '../common/clock.ts'
import type { Pacing } from '../rotation/ports.ts'
import { type Bucket, createBucket, type Limit } from './pacing-bucket.ts'

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
 * A vault takes 300 creates and 4,000 other calls in any 10 seconds, and does not tell what is left. What is at once
 * plus what is refilled in 10 seconds stays below that.
 */
const VAULT: Readonly<Record<Kind, Limit>> = {
  reads: { size: 200, perSecond: 370 },
  writes: { size: 10, perSecond: 28 },
}

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
  /** Until one more call that reads, or is counted as a write without changing anything, may be made. */
  ready(kind: Kind): Promise<void>
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
  const place = (name: string, limits: Readonly<Record<Kind, Limit>>) => {
    const known = places.get(name)
    if (known) return known
    const bucket = (kind: Kind) => createBucket(clock, `${kind} of ${name}`, limits[kind])
    const made = { reads: bucket('reads'), writes: bucket('writes') }
    places.set(name, made)
    return made
  }
  const subscription = (id: string) => place(`subscription ${id.toLowerCase()}`, BUCKETS)
  const vault = place('the vault', VAULT)
  return {
    subscription: (id) => lane(subscription(id), (method) => (method === 'GET' ? 'reads' : 'writes'), readArm, clock),
    vault: lane(
      vault,
      (method) => (method === 'PUT' ? 'writes' : 'reads'),
      () => undefined,
      clock,
    ),
    toRegenerate: (id) => subscription(id).writes.take(true),
    toPublish: () => vault.writes.take(true),
  }
}

/** The options of a client that tells a lane what is answered, try by try. */
export const pacedBy = (lane: Lane | undefined) =>
  lane ? { additionalPolicies: [{ policy: lane.policy, position: 'perRetry' as const }] } : {}

type Reading = (bucket: Bucket, kind: Kind, answer: Answer) => void

function lane(
  buckets: Readonly<Record<Kind, Bucket>>,
  kindOf: (method: string) => Kind,
  read: Reading,
  clock: Clock,
): Lane {
  return {
    ready: (kind) => buckets[kind].take(),
    policy: {
      name: 'keystilePacing',
      async sendRequest(request, next) {
        const kind = kindOf(request.method)
        const bucket = buckets[kind]
        const sent = bucket.sending()
        try {
          const answer = await next(request)
          read(bucket, kind, answer)
          if (answer.status === 429) bucket.pause(retryAfter(answer, clock) ?? 1_000)
          return answer
        } finally {
          sent()
        }
      },
    },
  }
}

/**
 * ARM answers what is left to this principal. With buckets it also answers what is left to all of the subscription;
 * with the hourly allowance it does not, and that tells the two apart.
 */
function readArm(bucket: Bucket, kind: Kind, { headers }: Answer): void {
  const own = count(headers.get(`x-ms-ratelimit-remaining-subscription-${kind}`))
  if (own === undefined) return
  const shared = count(headers.get(`x-ms-ratelimit-remaining-subscription-global-${kind}`))
  if (shared === undefined) bucket.learn(own, HOURLY[kind])
  else bucket.learn(Math.min(own, shared), BUCKETS[kind])
}

const count = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined

/** Milliseconds; the header holds seconds or a date. */
function retryAfter({ headers }: Answer, clock: Clock): number | undefined {
  const text = headers.get('retry-after')
  const seconds = count(text)
  if (seconds !== undefined) return seconds * 1_000
  const date = Date.parse(text ?? '')
  return Number.isNaN(date) ? undefined : Math.max(0, date - clock.now().getTime())
}
