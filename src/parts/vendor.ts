// A vendor: from a caller's request to a token of an account's token service.

import type { HttpHandler } from '@azure/functions'
import { recordReader } from '../azure/record-reader.ts'
import { tokenService } from '../azure/sts.ts'
import { systemClock } from '../azure/system-clock.ts'
import { lazy } from '../common/lazy.ts'
import { CHECKS_QUEUE, type VendorConfig } from '../config.ts'
import { issueTokenHandler } from '../functions/issue-token.ts'
import { writeRecord } from '../functions/log.ts'
import { issueToken } from '../vending/issue-token.ts'
import type { VendingEvent } from '../vending/ports.ts'
import type { Shared } from './shared.ts'

/** By the names of the functions. */
export interface VendorHandlers {
  readonly issueToken: HttpHandler
}

/** How what a vendor notices beside its requests is called in the log. */
const VENDING_RECORDS = {
  'check-lost': 'check.lost',
  'failed-over': 'vend.failedOver',
  'look-failed': 'vend.lookFailed',
} as const satisfies Record<VendingEvent['kind'], string>

export function vendorParts(shared: Shared, { checksQueueUrl }: VendorConfig): VendorHandlers {
  const { common, credential } = shared
  const { cloud, storage, vaultUrl } = common
  const place = checksQueueUrl === undefined ? { storage, name: CHECKS_QUEUE } : { url: checksQueueUrl }
  // A check is asked for when a key is broken, which is rare: the client of the queue is loaded then.
  const checks = lazy(async () => (await import('../azure/message-queue.ts')).messageQueue(place, credential))
  const issue = issueToken({
    records: recordReader({ credential, vaultUrl }),
    tokens: tokenService({ cloud, clock: systemClock, credential }),
    checks: { send: async (check) => (await checks()).send(check) },
    clock: systemClock,
    cloud,
    keyless: common.keylessAccounts,
    random: Math.random,
    report: ({ kind, ...fields }) => writeRecord((text) => console.warn(text), VENDING_RECORDS[kind], fields),
  })
  return { issueToken: issueTokenHandler({ ...shared, issue }) }
}
