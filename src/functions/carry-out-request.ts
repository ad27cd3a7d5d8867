// The queue of requests, which the rotator alone writes: rotations and revokes that operators asked for.

import type { StorageQueueHandler } from '@azure/functions'
import * as z from 'zod/mini'
import { parseAccountId } from '../common/account.ts'
import type { Outbox } from '../rotation/ports.ts'
import type { RequestMessage } from '../rotation/requests.ts'
import { deliveriesOf, insertedAt, parseMessage } from './messages.ts'
import { type RunDeps, runAndRecord } from './run-and-record.ts'

const fingerprint = z.string().check(z.regex(/^[0-9a-f]{64}$/))

const message = z.object({
  account: z.string().check(z.refine((text) => parseAccountId(text) !== undefined)),
  request: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('rotate'), live: fingerprint }),
    z.object({ kind: z.literal('revoke'), kill: z.array(fingerprint).check(z.minLength(1)) }),
  ]),
  attempt: z._default(z.int().check(z.minimum(0)), 0),
  askedAt: z.optional(z.iso.datetime()),
})

/** @throws AppError `message_invalid` that names the field, never its value. */
export const parseRequestMessage = (entry: unknown): z.output<typeof message> =>
  parseMessage(message, entry, ['account', 'request'])

/** `maxDequeueCount` of host.json: a message whose run dies on that delivery is parked. */
export const MOST_DELIVERIES = 5
/** As long as a run can last (`functionTimeout` of host.json). */
const AFTER_THE_RUN_MS = 10 * 60_000

export const carryOutRequestHandler =
  (deps: RunDeps & { readonly requests: Outbox<RequestMessage> }): StorageQueueHandler =>
  (entry, context) =>
    runAndRecord(deps, context, async () => {
      const { account, request, attempt, ...rest } = parseRequestMessage(entry)
      const askedAt = rest.askedAt ?? (insertedAt(context) ?? deps.clock.now()).toISOString()
      const putBack = (id: string, next: number, delayMs: number) =>
        deps.requests.send({ account: id, request, attempt: next, askedAt }, delayMs)
      // A process that dies puts nothing back, and nobody takes a parked message out: a revoke is not left to that.
      // Where that successor cannot be had, the run is tried all the same, and has one as any other.
      if (request.kind === 'revoke' && deliveriesOf(context) >= MOST_DELIVERIES)
        await putBack(account, attempt + 1, AFTER_THE_RUN_MS).catch(() => undefined)
      return { id: parseAccountId(account), request, attempt, askedAt: new Date(askedAt), putBack }
    })
