// The queue of requests, which the rotator alone writes: rotations and revokes that operators asked for.

import type { StorageQueueHandler } from '@azure/functions'
import { z } from 'zod'
import { parseAccountId } from '../common/account.ts'
import type { Outbox } from '../rotation/ports.ts'
import type { RequestMessage } from '../rotation/requests.ts'
import { parseMessage } from './messages.ts'
import { type RunDeps, runAndRecord } from './run-and-record.ts'

const fingerprint = z.string().regex(/^[0-9a-f]{64}$/)

const message = z.object({
  account: z.string().refine((text) => parseAccountId(text) !== undefined),
  request: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('rotate'), live: fingerprint }),
    z.object({ kind: z.literal('revoke'), kill: z.array(fingerprint).min(1) }),
  ]),
  attempt: z.int().min(0).default(0),
})

export const carryOutRequestHandler =
  (deps: RunDeps & { readonly requests: Outbox<RequestMessage> }): StorageQueueHandler =>
  (entry, context) =>
    runAndRecord(deps, context, async () => {
      const { account, request, attempt } = parseMessage(message, entry, ['account', 'request'])
      return {
        id: parseAccountId(account),
        request,
        attempt,
        putBack: (id, next, delayMs) => deps.requests.send({ account: id, request, attempt: next }, delayMs),
      }
    })
