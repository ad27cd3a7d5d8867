// The timing rule: a write is sent only while our lease outlives it, and one that is not answered keeps the lease.

import { AppError } from '../common/errors.ts'
import type { CheckDeps, Held } from './run.ts'

/** Thrown instead of sending a write that could land after our lease has ended. */
export class Overtaken extends Error {}

/**
 * Sends one write, once. The lease is compared with the write's total deadline, with no await between the look and the
 * call, from which the deadline counts. After that the write waits for a token: whoever is suspended there looks at the
 * deadline again before it sends. A request that its connection has by then is not called back: see the README,
 * "The one assumption".
 *
 * @param what the words of the audit record: `regenerate key2`.
 * @param send is given its total deadline in milliseconds.
 * @throws Overtaken when there is not time enough. @throws AppError of `send`; without a definite answer
 *   (`upstream_unreachable`, or anything that is not ours) the write counts as pending, and the lease is not given back.
 */
export async function write<T>(
  { clock, timing }: CheckDeps,
  held: Held,
  what: string,
  send: (deadlineMs: number) => Promise<T>,
): Promise<T> {
  if (held.lease.until() - clock.elapsed() <= timing.writeDeadlineMs) throw new Overtaken()
  held.pending = true
  try {
    const result = await send(timing.writeDeadlineMs)
    held.did.push(what)
    held.pending = false
    return result
  } catch (error) {
    if (error instanceof AppError && error.code !== 'upstream_unreachable') held.pending = false
    throw error
  }
}
