// The queue of checks: one message, one account, one run. Whatever a message says, it means `check`.

import type { StorageQueueHandler } from '@azure/functions'
import * as z from 'zod/mini'
import { type AccountId, parseAccountId, parseAccountName } from '../common/account.ts'
import type { CheckMessage, Outbox } from '../rotation/ports.ts'
import type { Report } from '../rotation/run.ts'
import { insertedAt, parseMessage } from './messages.ts'
import { type RunDeps, runAndRecord } from './run-and-record.ts'

/** The rotator names an account by its ARM id; a vendor may know no more than the name of its secret. */
export type NamedCheck = CheckMessage | { readonly secret: string }

const attempt = z._default(z.int().check(z.minimum(0)), 0)
const account = z.string().check(z.refine((text) => parseAccountId(text) !== undefined))
const secret = z.string().check(z.refine((text) => parseAccountName(text) === text))
const message = z.union([z.object({ account, attempt }), z.object({ secret })])

/** @throws AppError `message_invalid` that names the field, never its value. */
export const parseCheckMessage = (entry: unknown): NamedCheck => parseMessage(message, entry, ['account', 'secret'])

export interface CheckAccountHandlerDeps extends RunDeps {
  readonly find: (named: NamedCheck) => Promise<AccountId | undefined>
  readonly checks: Outbox<CheckMessage>
  /** Whether a run that began after `askedAt` has answered this check already. */
  readonly covers: (id: AccountId, askedAt: Date) => boolean
}

/** The request is already satisfied. */
const ANSWERED: Report = { outcome: { kind: 'done' }, planned: [], did: [] }

export const checkAccountHandler =
  (deps: CheckAccountHandlerDeps): StorageQueueHandler =>
  (entry, context) => {
    const askedAt = insertedAt(context)
    const check: RunDeps['check'] = async (id, request) =>
      askedAt && deps.covers(id, askedAt) ? ANSWERED : deps.check(id, request)
    return runAndRecord({ ...deps, check }, context, async () => {
      const named = parseCheckMessage(entry)
      return {
        id: await deps.find(named),
        request: { kind: 'check' },
        attempt: 'account' in named ? (named.attempt ?? 0) : 0,
        putBack: (id, next, delayMs) => deps.checks.send({ account: id, attempt: next }, delayMs),
      }
    })
  }
