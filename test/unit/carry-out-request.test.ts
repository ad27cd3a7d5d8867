// The queue of requests: a revoke is never dropped, and one that takes too long is told, with nothing that is secret.

import { InvocationContext } from '@azure/functions'
import { AppError } from '../../src/common/errors.ts'
import { carryOutRequestHandler, MOST_DELIVERIES } from '../../src/functions/carry-out-request.ts'
import type { RunDeps } from '../../src/functions/run-and-record.ts'
import type { RequestMessage } from '../../src/rotation/requests.ts'
import type { Outcome } from '../../src/rotation/run.ts'
import { ID } from '../support/rotation.ts'
import { testClock } from '../support/rotation-world.ts'

const NOW = '2026-02-01T12:00:00Z'
const [LONG_AGO, JUST_NOW] = ['2026-02-01T11:50:00.000Z', '2026-02-01T11:50:00.001Z']
const revoke = { kind: 'revoke', kill: ['a'.repeat(64), 'b'.repeat(64)] } as const
const rotate = { kind: 'rotate', live: 'a'.repeat(64) } as const

interface Delivery {
  readonly message: RequestMessage
  readonly outcome?: Outcome
  readonly fail?: Error
  /** Of a `send`, in order; those after them succeed. */
  readonly sends?: readonly ('ok' | 'fails')[]
  readonly metadata?: Readonly<Record<string, unknown>>
}

async function deliver({ message, outcome = { kind: 'done' }, fail, sends = [], metadata = {} }: Delivery) {
  const [lines, sent, next]: [string[], unknown[], string[]] = [[], [], [...sends]]
  const logHandler = (level: string, ...args: unknown[]) => void lines.push(`${level} ${args.join(' ')}`)
  const triggerMetadata = { ...metadata }
  const context = new InvocationContext({
    functionName: 'carryOutRequest',
    invocationId: '1',
    logHandler,
    triggerMetadata,
  })
  const check: RunDeps['check'] = async () => {
    sent.push('run')
    if (fail) throw fail
    return { outcome, planned: [], did: [] }
  }
  const send = async (successor: RequestMessage, delayMs = 0) => {
    if (next.shift() === 'fails') throw new AppError('upstream_unreachable', 'put a message on a queue: no answer')
    sent.push([successor, delayMs])
  }
  const handler = carryOutRequestHandler({ check, clock: testClock(NOW), requests: { send } })
  const error: unknown = await Promise.resolve(handler(message, context)).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  const alarms = lines.filter((line) => line.includes('revoke.overdue'))
  return { lines, sent: sent.filter((each) => each !== 'run'), order: sent, error, alarms }
}

const successor = (attempt: number, request: RequestMessage['request'] = revoke, askedAt = LONG_AGO) => ({
  account: ID,
  request,
  attempt,
  askedAt,
})
const message = (askedAt = LONG_AGO, attempt = 7): RequestMessage => ({
  account: ID,
  request: revoke,
  attempt,
  askedAt,
})

describe('a revoke that is not done ten minutes after it was asked for raises its own alarm', () => {
  const withheld: Outcome = { kind: 'withheld', slot: 'key2', reason: 'rejected', regenerated: false }
  test.each<[string, Partial<Delivery>, string]>([
    ['withheld', { outcome: withheld }, 'withheld: rejected'],
    ['another run has the lease', { outcome: { kind: 'busy' } }, 'busy'],
    ['not granted any more', { outcome: { kind: 'skipped', reason: 'not-granted' } }, 'skipped: not-granted'],
    ['not found by ARM', { outcome: { kind: 'skipped', reason: 'account-gone' } }, 'skipped: account-gone'],
    ['no answer', { fail: new AppError('upstream_unreachable', 'regenerate: HTTP 503') }, 'upstream_unreachable'],
    ['throttled', { fail: new AppError('upstream_throttled', 'regenerate: HTTP 429') }, 'upstream_throttled'],
    ['a bug', { fail: new TypeError('marked-key') }, 'internal'],
  ])('%s', async (_what, ending, reason) => {
    const { alarms, lines } = await deliver({ message: message(), ...ending })
    expect(alarms).toEqual([
      `error revoke.overdue {"account":"${ID}","keys":2,"since":"${LONG_AGO}","attempt":7,"reason":"${reason}"}`,
    ])
    expect(lines.join()).not.toMatch(/marked-key|aaaa|bbbb/)
  })

  test.each<[string, Delivery]>([
    ['one that is done, however late', { message: message() }],
    ['one that is younger', { message: message(JUST_NOW), outcome: { kind: 'busy' } }],
    ['one that is younger, and throws', { message: message(JUST_NOW), fail: new TypeError('x') }],
    ['a rotation', { message: { ...message(), request: rotate }, outcome: { kind: 'busy' } }],
    ['a rotation that throws', { message: { ...message(), request: rotate }, fail: new TypeError('x') }],
  ])('%s raises none', async (_what, delivery) => {
    expect((await deliver(delivery)).alarms).toEqual([])
  })
})

test('a revoke whose run was ended by the host, without a word, raises its alarm when it is delivered again', async () => {
  const again = { message: message(), metadata: { dequeueCount: 2 } }
  const { alarms } = await deliver(again)
  expect(alarms).toEqual([
    `error revoke.overdue {"account":"${ID}","keys":2,"since":"${LONG_AGO}","attempt":7,"reason":"delivered again"}`,
  ])
  expect((await deliver({ ...again, message: message(JUST_NOW) })).alarms).toEqual([])
  expect((await deliver({ ...again, message: { ...message(), request: rotate } })).alarms).toEqual([])
  expect((await deliver({ ...again, metadata: { dequeueCount: 1 } })).alarms).toEqual([])
})

describe('since when it is asked for', () => {
  const unfinished = { outcome: { kind: 'busy' } } as const
  test('goes with it through every successor', async () => {
    const { sent } = await deliver({ message: message(), ...unfinished })
    expect(sent).toEqual([[successor(8), 120_000]])
  })

  test('is when it was put on the queue, where the message does not say', async () => {
    const untold: RequestMessage = { account: ID, request: revoke }
    const { sent, alarms } = await deliver({ message: untold, metadata: { insertionTime: LONG_AGO }, ...unfinished })
    expect(sent).toEqual([[successor(1), 5_000]])
    expect(alarms).toHaveLength(1)
  })

  test('is now, where nobody says', async () => {
    const untold: RequestMessage = { account: ID, request: revoke }
    const { sent } = await deliver({ message: untold, ...unfinished })
    expect(sent).toEqual([[successor(1, revoke, '2026-02-01T12:00:00.000Z'), 5_000]])
  })

  test('must be a time', async () => {
    const { error } = await deliver({ message: message('marked') })
    expect(error).toEqual(new AppError('message_invalid', 'the message does not fit: askedAt'))
  })
})

describe('a revoke whose account ARM does not find', () => {
  const [AN_HOUR_LEFT, TWO_DAYS] = ['2026-01-30T13:00:00.000Z', '2026-01-30T12:00:00.000Z']
  const outcome: Outcome = { kind: 'skipped', reason: 'account-gone' }

  test('lasts for two days: one 404 ends no revoke', async () => {
    const { sent, lines } = await deliver({ message: message(AN_HOUR_LEFT), outcome })
    expect(sent).toEqual([[successor(8, revoke, AN_HOUR_LEFT), 300_000]])
    expect(lines.join()).not.toContain('revoke.gone')
  })

  test('ends then, and says so: two keys were never seen to die', async () => {
    const { sent, lines, alarms } = await deliver({ message: message(TWO_DAYS), outcome })
    expect([sent, alarms]).toEqual([[], []])
    expect(lines.at(-1)).toBe(
      `error revoke.gone {"account":"${ID}","keys":2,"since":"${TWO_DAYS}","attempt":7,"reason":"skipped: account-gone"}`,
    )
  })

  test('is no alarm where it was done, or is a rotation', async () => {
    const done = await deliver({ message: message(TWO_DAYS), outcome: { kind: 'done' } })
    const rotation = await deliver({ message: { ...message(TWO_DAYS), request: rotate }, outcome })
    expect([...done.lines, ...rotation.lines].join()).not.toContain('revoke.')
  })
})

describe('a revoke is never dropped', () => {
  test.each([
    new AppError('upstream_unreachable', 'regenerate: HTTP 503'),
    new AppError('upstream_refused', 'regenerate: HTTP 403', 403),
    new AppError('upstream_throttled', 'regenerate: HTTP 429', 429),
    new TypeError('a bug'),
  ])('%p: its message is done with, and it goes on with a successor', async (fail) => {
    const { error, sent, lines } = await deliver({ message: message(JUST_NOW), fail })
    expect([error, sent]).toEqual([undefined, [[successor(8, revoke, JUST_NOW), 300_000]]])
    expect(lines.join()).toContain('"againInMs":300000')
  })

  test('a rotation that throws is left to the host', async () => {
    const fail = new AppError('upstream_unreachable', 'regenerate: HTTP 503')
    const { error, sent } = await deliver({ message: { ...message(), request: rotate }, fail })
    expect([error, sent]).toEqual([fail, []])
  })

  test('a successor that cannot be had leaves it to the host, which delivers it again', async () => {
    const fail = new AppError('upstream_refused', 'regenerate: HTTP 403', 403)
    const { error, sent, lines } = await deliver({ message: message(), fail, sends: ['fails'] })
    expect([error, sent]).toEqual([fail, []])
    expect(lines).toHaveLength(2)
    expect(lines.join()).not.toContain('againInMs')
  })

  test('a successor that cannot be had at first is asked for once more', async () => {
    const { error, sent } = await deliver({ message: message(), outcome: { kind: 'busy' }, sends: ['fails'] })
    expect([error, sent]).toEqual([undefined, [[successor(8), 300_000]]])
  })

  test('on the last delivery before it would be parked, it has a successor before it is tried', async () => {
    const last = { message: message(), metadata: { dequeueCount: MOST_DELIVERIES } }
    expect((await deliver(last)).order).toEqual([[successor(8), 600_000], 'run'])
    expect((await deliver({ ...last, metadata: { dequeueCount: MOST_DELIVERIES - 1 } })).order).toEqual(['run'])
    expect((await deliver({ ...last, message: { ...message(), request: rotate } })).order).toEqual(['run'])
  })

  test('and is tried all the same where that successor cannot be had, and has one afterwards', async () => {
    const last = { message: message(), metadata: { dequeueCount: MOST_DELIVERIES }, sends: ['fails'] as const }
    const done = await deliver(last)
    expect([done.error, done.order]).toEqual([undefined, ['run']])
    const busy = await deliver({ ...last, outcome: { kind: 'busy' } })
    expect([busy.error, busy.order]).toEqual([undefined, ['run', [successor(8), 120_000]]])
    const throws = await deliver({ ...last, fail: new TypeError('a bug') })
    expect([throws.error, throws.order]).toEqual([undefined, ['run', [successor(8), 300_000]]])
  })
})
