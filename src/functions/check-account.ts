// The queue of checks: one message, one account, one run. Whatever a message says, it means `check`.

import type { StorageQueueHandler } from '@azure/functions'
import { z } from 'zod'
import { type AccountId, parseAccountId, parseAccountName } from '../common/account.ts'
import type { Clock } from '../common/clock.ts'
import { AppError } from '../common/errors.ts'
import type { Request } from '../rotation/plan.ts'
import type { Outcome } from '../rotation/run.ts'
import { writeRecord } from './log.ts'

export type CheckMessage = { readonly account: string } | { readonly secret: string }

const account = z.string().refine((text) => parseAccountId(text) !== undefined)
const secret = z.string().refine((text) => parseAccountName(text) === text)
const message = z.union([z.object({ account }), z.object({ secret })])

/** @throws AppError `message_invalid` that names the field, never its value. */
export function parseCheckMessage(entry: unknown): CheckMessage {
  const parsed = message.safeParse(entry)
  if (parsed.success) return parsed.data
  const named = typeof entry === 'object' && entry !== null && 'secret' in entry ? 'secret' : 'account'
  throw new AppError('message_invalid', `the message does not fit: ${named}`)
}

export interface CheckAccountHandlerDeps {
  readonly find: (named: CheckMessage) => Promise<AccountId | undefined>
  readonly check: (id: AccountId, request: Request) => Promise<Outcome>
  readonly clock: Clock
}

export const checkAccountHandler =
  ({ find, check, clock }: CheckAccountHandlerDeps): StorageQueueHandler =>
  async (entry, context) => {
    const startedAt = clock.elapsed()
    try {
      const named = parseCheckMessage(entry)
      const id = await find(named)
      const outcome = id ? await check(id, { kind: 'check' }) : { kind: 'skipped', reason: 'not-enrolled' }
      const took = Math.round(clock.elapsed() - startedAt)
      writeRecord((text) => context.info(text), 'rotation.checked', {
        ...(id ? { account: id.id } : named),
        ...outcome,
        milliseconds: took,
      })
    } catch (error) {
      // Thrown on, so that the message comes back; a raw error may hold what an upstream said, so it does not get out.
      const known = error instanceof AppError
      const why = known ? { code: error.code, reason: error.message } : { code: 'internal' }
      writeRecord((text) => context.error(text), 'rotation.failed', why)
      throw known ? error : new Error('check failed')
    }
  }
