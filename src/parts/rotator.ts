// A rotator: the adapters and handlers of everything that changes keys, and of the status of accounts.

import type { HttpHandler, StorageQueueHandler, TimerHandler } from '@azure/functions'
import { aiAccounts } from '../azure/ai-accounts.ts'
import { blobLease, blobNotes } from '../azure/lease.ts'
import { messageQueue } from '../azure/message-queue.ts'
import { azurePacing } from '../azure/pacing.ts'
import { recordStore } from '../azure/record-store.ts'
import { keyJudge } from '../azure/sts.ts'
import { systemClock } from '../azure/system-clock.ts'
import type { AccountId } from '../common/account.ts'
import type { Tags } from '../common/record.ts'
import { CHECKS_QUEUE, REQUESTS_QUEUE, type RotatorConfig } from '../config.ts'
import { getAccountHandler, listAccountsHandler } from '../functions/accounts.ts'
import { carryOutRequestHandler } from '../functions/carry-out-request.ts'
import { checkAccountHandler, type NamedCheck } from '../functions/check-account.ts'
import { nearExpiryHandler } from '../functions/near-expiry.ts'
import { revokeAccountHandler, rotateAccountHandler } from '../functions/requests.ts'
import { rotationScheduleHandler } from '../functions/rotation-schedule.ts'
import { checkAccount } from '../rotation/check-account.ts'
import { secretNameOf, termsOf } from '../rotation/fleet.ts'
import { findAccount } from '../rotation/fleet-names.ts'
import { recentRuns } from '../rotation/fleet-recent.ts'
import { askForChecks } from '../rotation/fleet-round.ts'
import type { Request } from '../rotation/plan.ts'
import { proveKey } from '../rotation/prove.ts'
import { askForRevoke, askForRotation, type RequestMessage } from '../rotation/requests.ts'
import { getStatus, listStatus } from '../rotation/status.ts'
import type { Shared } from './shared.ts'

/** By the names of the functions. */
export interface RotatorHandlers {
  readonly rotationSchedule: TimerHandler
  readonly checkAccount: StorageQueueHandler
  readonly nearExpiry: StorageQueueHandler
  readonly carryOutRequest: StorageQueueHandler
  readonly listAccounts: HttpHandler
  readonly getAccount: HttpHandler
  readonly rotateAccount: HttpHandler
  readonly revokeAccount: HttpHandler
}

export function rotatorParts(shared: Shared, config: RotatorConfig): RotatorHandlers {
  const { fleet: settings, mode, policy, proof, period, timing } = config
  const { common, credential } = shared
  const { cloud, storage, vaultUrl } = common
  const clock = systemClock
  const checkEveryMs = period.longestMs
  const pacing = azurePacing(clock)
  const accounts = aiAccounts({ credential, cloud, clock, pacing })
  // A key that has to die does not stand in line behind checks.
  const urgent = aiAccounts({ credential, cloud, clock, pacing, urgent: true })
  const store = recordStore({ credential, vaultUrl, cloud, clock, lane: pacing.vault })
  const checks = messageQueue<NamedCheck>({ storage, name: CHECKS_QUEUE }, credential)
  const requests = messageQueue<RequestMessage>({ storage, name: REQUESTS_QUEUE }, credential)
  const notes = blobNotes({ storage, credential, vaultUrl })
  const look = { accounts, store, settings, policy, clock }
  const status = { ...look, records: store, notes, checkEveryMs, cloud }
  const terms = (id: AccountId, tags: Tags) => termsOf(settings, id, tags)
  const run = {
    store,
    lease: blobLease({ storage, credential, clock, vaultUrl }),
    timing,
    pacing,
    clock,
    prove: proveKey({ judge: keyJudge({ cloud, clock }), clock, terms: proof }),
    policy,
    mode,
    checkEveryMs,
    termsOf: terms,
    secretNameOf: (id: AccountId, tags: Tags) => secretNameOf(settings, id, tags),
  }
  const inTurn = checkAccount({ ...run, accounts })
  const atOnce = checkAccount({ ...run, accounts: urgent })
  const runOne = (id: AccountId, request: Request) => (request.kind === 'revoke' ? atOnce : inTurn)(id, request)
  const { check, covers } = recentRuns({ check: runOne, clock, skewMs: settings.skewMs })
  const asking = { ...look, termsOf: terms, requests, mode }
  const revoking = { ...asking, accounts: urgent }
  const round = askForChecks({ ...look, records: store, checks, everyMs: period.shortestMs })
  const find = findAccount(look)
  return {
    rotationSchedule: rotationScheduleHandler({ askForChecks: round }),
    checkAccount: checkAccountHandler({ find, checks, check, covers, clock }),
    nearExpiry: nearExpiryHandler({ checks, vaultUrl }),
    carryOutRequest: carryOutRequestHandler({ requests, check, clock }),
    listAccounts: listAccountsHandler({ ...shared, listStatus: listStatus(status) }),
    getAccount: getAccountHandler({ ...shared, getStatus: getStatus(status) }),
    rotateAccount: rotateAccountHandler({ ...shared, askForRotation: askForRotation(asking) }),
    revokeAccount: revokeAccountHandler({ ...shared, askForRevoke: askForRevoke(revoking) }),
  }
}
