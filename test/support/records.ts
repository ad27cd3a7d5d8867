// A line of each kind of record, as the handlers themselves write it: what queries over the log are held against.

import { HttpRequest, InvocationContext } from '@azure/functions'
import { AppError } from '../../src/common/errors.ts'
import { Secret } from '../../src/common/secret.ts'
import { carryOutRequestHandler } from '../../src/functions/carry-out-request.ts'
import { checkAccountHandler } from '../../src/functions/check-account.ts'
import { issueTokenHandler } from '../../src/functions/issue-token.ts'
import { writeRecord } from '../../src/functions/log.ts'
import { nearExpiryHandler } from '../../src/functions/near-expiry.ts'
import { refusalCount } from '../../src/functions/refusal-count.ts'
import { rotationScheduleHandler } from '../../src/functions/rotation-schedule.ts'
import type { KeyAge } from '../../src/rotation/key-age.ts'
import type { Outcome, Report } from '../../src/rotation/run.ts'
import type { VendingEvent } from '../../src/vending/ports.ts'
import { unbounded } from './endpoint.ts'
import { account, accountId, fp, ID, OTHER_ID } from './rotation.ts'
import { testClock } from './rotation-world.ts'

const AT = new Date('2026-02-01T12:00:00Z')
const clock = testClock(AT.toISOString())
const live: KeyAge = { since: AT, graceUntil: AT, due: AT, overdue: true }
const reports: Report[] = [
  ...([
    { kind: 'waiting', why: 'not-due', until: AT },
    { kind: 'skipped', reason: 'held' },
    { kind: 'withheld', slot: 'key2', reason: 'timeout', regenerated: true },
    { kind: 'skipped', reason: 'other_publisher', detail: 'published by other' },
    { kind: 'skipped', reason: 'secret_not_ours', detail: `it is the record of nobody, not of ${ID}` },
    { kind: 'done' },
    { kind: 'busy' },
    { kind: 'overtaken' },
    { kind: 'unsettled' },
  ] satisfies Outcome[]),
].map((outcome) => ({ outcome, planned: ['wait'], did: [], live }))
const published: Report = {
  outcome: { kind: 'published', slot: 'key2', fingerprint: fp('x'), proof: 'accepted' },
  planned: ['rotate'],
  did: ['regenerate key2', 'publish key2'],
}
const events: Record<string, VendingEvent> = {
  'check.lost': { kind: 'check-lost', account: 'speech-west' },
  'vend.failedOver': { kind: 'failed-over', account: 'speech-west', refused: fp('a'), used: fp('b') },
  'vend.lookFailed': { kind: 'look-failed', account: 'speech-west', code: 'upstream_unreachable', reason: 'no answer' },
}
const round = {
  accounts: [account()],
  failed: [
    { subscription: 'sub-2', reason: 'list the accounts: HTTP 403' },
    { subscription: 'sub-2', account: ID, reason: 'gone' },
  ],
  asked: 1,
  unasked: [{ account: ID, reason: 'put a message on a queue: no answer' }],
  rivals: [{ account: account(), name: 'speech-west', owner: OTHER_ID }],
  unmanaged: [{ name: 'left-over', account: OTHER_ID, record: {}, enabled: true }],
}

/** @returns the lines, as `name {json}`. */
export async function sampleLines(): Promise<string[]> {
  const lines: string[] = []
  const logHandler = (_level: string, ...args: unknown[]) => void lines.push(args.join(' '))
  const context = (functionName: string) => new InvocationContext({ functionName, logHandler })
  const send = async () => undefined
  const throws = (error: AppError) => () => Promise.reject(error)
  const checks = [
    ...[...reports, published].map((report) => async () => report),
    throws(new AppError('upstream_throttled', 'list the keys: HTTP 429', 429)),
    throws(new AppError('upstream_refused', 'list the keys: HTTP 403', 403)),
  ]
  for (const check of checks) {
    const deps = { find: async () => accountId(), check, covers: () => false, checks: { send }, clock }
    await Promise.resolve(checkAccountHandler(deps)({ account: ID }, context('checkAccount'))).catch(() => undefined)
  }
  const withheld = async () => reports[2] ?? published
  const revoke = { account: ID, request: { kind: 'revoke', kill: [fp('x')] }, askedAt: '2026-02-01T11:00:00Z' }
  await carryOutRequestHandler({ requests: { send }, check: withheld, clock })(revoke, context('carryOutRequest'))
  const gone: Report = { outcome: { kind: 'skipped', reason: 'account-gone' }, planned: ['skip'], did: [] }
  const old = { ...revoke, askedAt: '2026-01-30T11:00:00Z' }
  await carryOutRequestHandler({ requests: { send }, check: async () => gone, clock })(old, context('carryOutRequest'))
  const timer = {
    schedule: { adjustForDST: true },
    isPastDue: false,
    scheduleStatus: { last: '', next: '', lastUpdated: '' },
  }
  await rotationScheduleHandler({ askForChecks: async () => round })(timer, context('rotationSchedule'))
  await vend(context('issueToken'))
  const refusals = refusalCount({ clock, log: (text) => void lines.push(text) })
  refusals.add('token_missing')
  const again = { what: 'issueToken', caller: 'caller-1', app: 'app-1', result: 'rate_limited' } as const
  for (let time = 0; time < 2; time += 1) refusals.isFirst(again)
  refusals.flush()
  for (const [name, { kind: _kind, ...fields }] of Object.entries(events))
    writeRecord((text) => void lines.push(text), name, fields)
  const topic = '/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/contoso'
  const event = { eventType: 'Microsoft.KeyVault.SecretNearExpiry', topic, subject: 'speech-west' }
  const nearExpiry = nearExpiryHandler({ checks: { send }, vaultUrl: 'https://contoso.vault.azure.net' })
  await nearExpiry([event, {}], context('nearExpiry'))
  return lines
}

async function vend(context: InvocationContext): Promise<void> {
  const issued = {
    token: Secret.of('x'),
    expiresAt: AT,
    refreshAfter: AT,
    region: 'westus2',
    endpoint: 'https://westus2.api.cognitive.microsoft.com/',
  }
  const caller = { objectId: 'caller-1', appId: 'app-1', roles: ['Token.Issue'] }
  const deps = {
    ...unbounded(() => ({ kind: 'caller', caller })),
    issue: () => ({ kind: 'issued', issued, leftMs: 540_000 }) as const,
  }
  const url = 'https://keystile.example/api/accounts/speech-west/token'
  await issueTokenHandler(deps)(new HttpRequest({ method: 'POST', url, params: { account: 'speech-west' } }), context)
}
