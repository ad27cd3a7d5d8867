// What both queues share: one run, one audit record, and a successor where the work is not finished.

import type { InvocationContext } from '@azure/functions'
import type { AccountId } from '../common/account.ts'
import type { Clock } from '../common/clock.ts'
import { AppError } from '../common/errors.ts'
import type { Request } from '../rotation/plan.ts'
import { endsUndone, isOverdue, putBack, putBackFailed } from '../rotation/put-back.ts'
import type { Outcome, Report } from '../rotation/run.ts'
import { writeRecord } from './log.ts'
import { deliveriesOf } from './messages.ts'

export interface RunDeps {
  readonly check: (id: AccountId, request: Request) => Promise<Report>
  readonly clock: Clock
}

/** What one message asks for. */
export interface Job {
  /** Absent when no account of the fleet is meant. */
  readonly id: AccountId | undefined
  readonly request: Request
  /** How often the message was put back so far. */
  readonly attempt: number
  /** When an operator asked for it; nobody waits for a check. */
  readonly askedAt?: Date
  readonly putBack: (account: string, attempt: number, delayMs: number) => Promise<void>
}

const NOBODY: Report = { outcome: { kind: 'skipped', reason: 'not-enrolled' }, planned: [], did: [] }

/** @throws AppError, or an error that tells nothing, so that the host delivers the message again. */
export async function runAndRecord(
  { check, clock }: RunDeps,
  context: InvocationContext,
  read: () => Promise<Job>,
): Promise<void> {
  const startedAt = clock.elapsed()
  let job: Job | undefined
  try {
    job = await read()
    const { id, request, attempt } = job
    // A run that the host had to end could not say anything.
    if (deliveriesOf(context) > 1) tellOverdue(context, job, clock.now(), 'delivered again')
    const { outcome, planned, did, live } = id ? await check(id, request) : NOBODY
    const againInMs = id && putBack(outcome, request, attempt, clock.now(), job.askedAt)
    if (id && againInMs !== undefined) await job.putBack(id.id, attempt + 1, againInMs)
    const milliseconds = Math.round(clock.elapsed() - startedAt)
    writeRecord((text) => context.info(text), 'rotation.checked', {
      account: id?.id,
      request: request.kind,
      ...outcome,
      planned,
      did,
      attempt,
      againInMs,
      since: live?.since,
      due: live?.due,
      overdue: live?.overdue,
      milliseconds,
    })
    if (againInMs !== undefined) tellOverdue(context, job, clock.now(), reasonOf(outcome))
    else if (endsUndone(outcome, request, clock.now(), job.askedAt)) tellGone(context, job, reasonOf(outcome))
  } catch (error) {
    // A raw error may hold what an upstream said, so it does not get out.
    const known = error instanceof AppError
    const why = known ? { code: error.code, reason: error.message } : { code: 'internal' }
    const againInMs = job && (await leaveSuccessor(job, known && error.code === 'upstream_throttled'))
    writeRecord((text) => context.error(text), 'rotation.failed', { account: job?.id?.id, ...why, againInMs })
    if (job) tellOverdue(context, job, clock.now(), why.code)
    if (againInMs !== undefined) return
    throw known ? error : new Error('check failed')
  }
}

/** @returns when the work goes on, in milliseconds; `undefined` where the host is to deliver the message again. */
async function leaveSuccessor({ id, request, attempt, putBack }: Job, throttled: boolean): Promise<number | undefined> {
  const againInMs = putBackFailed(request, attempt, throttled)
  if (!id || againInMs === undefined) return undefined
  try {
    await putBack(id.id, attempt + 1, againInMs)
    return againInMs
  } catch {
    return undefined
  }
}

/** The alarm on a key that was to die and is alive, with each attempt from its tenth minute on, and each redelivery. */
function tellOverdue(context: InvocationContext, job: Job, now: Date, reason: string) {
  if (job.request.kind !== 'revoke' || !job.askedAt || !isOverdue(job.askedAt, now)) return
  writeRecord((text) => context.error(text), 'revoke.overdue', revokeFields(job, reason))
}

/** The alarm on a revoke that ends without having seen its keys die. */
const tellGone = (context: InvocationContext, job: Job, reason: string) =>
  writeRecord((text) => context.error(text), 'revoke.gone', revokeFields(job, reason))

function revokeFields({ id, request, attempt, askedAt }: Job, reason: string) {
  const keys = request.kind === 'revoke' ? request.kill.length : 0
  return { account: id?.id, keys, since: askedAt, attempt, reason }
}

const reasonOf = (outcome: Outcome): string =>
  'reason' in outcome ? `${outcome.kind}: ${outcome.reason}` : outcome.kind
