// Azure as far as its time and its limits go: each call takes a while, is counted, and may be answered with 429.

import { seeded } from '../../local/seeded.ts'
import type { Clock } from '../../src/common/clock.ts'

/** What a call is counted as. `lease` and `queue` are the host's storage, which limits nothing here. */
export type CallKind = 'arm-read' | 'arm-write' | 'vault-read' | 'vault-create' | 'sts' | 'lease' | 'queue'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface WireOptions {
  /** Of a call to ARM, Key Vault or a token service, in milliseconds. */
  readonly latencyMs: number
  /** Of a call to the host's storage, in milliseconds. */
  readonly storageMs: number
  readonly throttled: boolean
}

export interface Wire {
  /** Calls that were sent, by kind; those answered with 429 too. */
  readonly sent: Record<CallKind, number>
  readonly refused: Record<CallKind, number>
  /**
   * One try.
   *
   * @param place the subscription or vault whose limit counts.
   * @param work what is done, and answered, unless the call is refused.
   */
  call(kind: CallKind, place: string, work: () => string): Promise<Answer>
}

/** `take` answers whether one more call is let through, and how long to wait if not. */
interface Gate {
  take(): { readonly retryAfterSeconds?: number } | undefined
  left(): number
}

const none = (): Record<CallKind, number> => ({
  'arm-read': 0,
  'arm-write': 0,
  'vault-read': 0,
  'vault-create': 0,
  sts: 0,
  lease: 0,
  queue: 0,
})

/** Contract A5 for one principal in each subscription, contract B2 for one vault. */
const GATES: Partial<Record<CallKind, (clock: Clock) => Gate>> = {
  'arm-read': (clock) => bucket(clock, 250, 25),
  'arm-write': (clock) => bucket(clock, 200, 10),
  'vault-read': (clock) => window(clock, 4_000, 10_000),
  'vault-create': (clock) => window(clock, 300, 10_000),
}

export function createWire(clock: Clock, { latencyMs, storageMs, throttled }: WireOptions): Wire {
  const gates = new Map<string, Gate | undefined>()
  const gateOf = (kind: CallKind, place: string): Gate | undefined => {
    const name = `${kind} ${place}`
    if (throttled && !gates.has(name)) gates.set(name, GATES[kind]?.(clock))
    return gates.get(name)
  }
  const chance = seeded(20_260_201)
  const wire: Wire = {
    sent: none(),
    refused: none(),
    async call(kind, place, work) {
      wire.sent[kind] += 1
      const gate = gateOf(kind, place)
      const takesMs = kind === 'lease' || kind === 'queue' ? storageMs : latencyMs
      // Calls do not arrive as they were sent: from a tenth to nine tenths of their time is the way there.
      const wayMs = gate ? takesMs * (0.1 + 0.8 * chance()) : 0
      if (wayMs > 0) await clock.sleep(wayMs)
      const refusal = gate?.take()
      if (refusal) wire.refused[kind] += 1
      const body = refusal ? '{"error":{"code":"TooManyRequests","message":"Too many requests."}}' : work()
      const headers = headersOf(kind, gate, refusal)
      await clock.sleep(takesMs - wayMs)
      // A key that is not current has no token.
      return { status: refusal ? 429 : kind === 'sts' && body === '' ? 401 : 200, headers, body }
    },
  }
  return wire
}

function headersOf(
  kind: CallKind,
  gate: Gate | undefined,
  refusal: { readonly retryAfterSeconds?: number } | undefined,
): Readonly<Record<string, string>> {
  if (refusal?.retryAfterSeconds !== undefined) return { 'retry-after': String(refusal.retryAfterSeconds) }
  if (!gate || !kind.startsWith('arm-')) return {}
  const what = kind === 'arm-read' ? 'reads' : 'writes'
  return {
    [`x-ms-ratelimit-remaining-subscription-${what}`]: String(Math.floor(gate.left())),
    // All principals together have fifteen times as much; nobody else is there.
    [`x-ms-ratelimit-remaining-subscription-global-${what}`]: String(Math.floor(gate.left()) * 15),
  }
}

/** ARM: a bucket; the refusal says in whole seconds when there is one again. */
function bucket(clock: Clock, size: number, perSecond: number): Gate {
  let left = size
  let at = clock.elapsed()
  return {
    take() {
      const now = clock.elapsed()
      left = Math.min(size, left + ((now - at) / 1_000) * perSecond)
      at = now
      // Refills are fractions: what lacks less than this has its one.
      if (left < 1 - 1e-6) return { retryAfterSeconds: Math.ceil((1 - left) / perSecond) }
      left -= 1
      return undefined
    },
    left: () => left,
  }
}

/** Key Vault: so many in any span of time, by a window that moves on; the refusal says nothing. */
function window(clock: Clock, most: number, spanMs: number): Gate {
  const times: number[] = []
  let oldest = 0
  return {
    take() {
      const now = clock.elapsed()
      while ((times[oldest] ?? Number.POSITIVE_INFINITY) <= now - spanMs) oldest += 1
      if (times.length - oldest >= most) return {}
      times.push(now)
      return undefined
    },
    left: () => most - (times.length - oldest),
  }
}
