// The deadline of a write, looked at once more when the request is about to leave. Before that it waits for a token or
// a challenge, and on a machine that slept, or in a process that was stopped, answers come in before timers go off: an
// abort signal alone would let the write through.

import { type Clock, countdown } from '../common/clock.ts'

/** What travels with a request from the call to the end of its pipeline. */
interface Request {
  readonly abortSignal?: object
}

export interface Deadlines {
  /** The options of a call that begins now, and has so many milliseconds. Every call of such a client needs them. */
  begin(milliseconds: number): { abortSignal: AbortSignal }
  /** The last policy of a pipeline. Throws instead of sending what is late on either clock, as if no answer had come. */
  readonly policy: {
    readonly name: string
    sendRequest<Q extends Request, A>(request: Q, next: (request: Q) => Promise<A>): Promise<A>
  }
}

export function createDeadlines(clock: Clock): Deadlines {
  const left = new WeakMap<object, () => number>()
  return {
    begin(milliseconds) {
      const abortSignal = AbortSignal.timeout(milliseconds)
      left.set(abortSignal, countdown(clock, milliseconds))
      return { abortSignal }
    },
    policy: {
      name: 'keystileDeadline',
      async sendRequest(request, next) {
        const leftMs = left.get(request.abortSignal ?? {})?.() ?? 0
        if (leftMs <= 0) throw new Error('the deadline has passed')
        return next(request)
      },
    },
  }
}
