import {
  type HttpHandler,
  HttpRequest,
  HttpResponse,
  InvocationContext,
  type InvocationContextInit,
} from '@azure/functions'
import { AppError } from '../../src/common/errors.ts'
import { Secret } from '../../src/common/secret.ts'
import { getAccountHandler, listAccountsHandler } from '../../src/functions/accounts.ts'
import { checkAccountHandler, parseCheckMessage } from '../../src/functions/check-account.ts'
import { healthHandler } from '../../src/functions/health.ts'
import { issueTokenHandler } from '../../src/functions/issue-token.ts'
import { misconfiguredHandler } from '../../src/functions/misconfigured.ts'
import { problems } from '../../src/functions/problem.ts'
import { revokeAccountHandler, rotateAccountHandler } from '../../src/functions/requests.ts'
import { rotationScheduleHandler } from '../../src/functions/rotation-schedule.ts'
import type { Asked } from '../../src/rotation/requests.ts'
import type { Report } from '../../src/rotation/run.ts'
import type { IssueResult } from '../../src/vending/issued-token.ts'
import { unbounded } from '../support/endpoint.ts'
import { account, accountId, ID, OTHER_ID } from '../support/rotation.ts'
import { testClock } from '../support/rotation-world.ts'

function invocation(extra: InvocationContextInit = {}) {
  const lines: string[] = []
  const logHandler = (level: string, ...args: unknown[]) => void lines.push(`${level} ${args.join(' ')}`)
  return {
    lines,
    context: new InvocationContext({ functionName: 'issueToken', invocationId: 'invocation-1', ...extra, logHandler }),
  }
}

interface Ask {
  method?: string
  account?: string
  body?: string
}

async function call(handler: HttpHandler, { method = 'POST', account = 'speech-west', body }: Ask = {}) {
  const { lines, context } = invocation()
  const request = new HttpRequest({
    method,
    url: `https://keystile.example/api/accounts/${account}/token`,
    params: { account },
    ...(body === undefined ? {} : { body: { string: body } }),
  })
  const response = (await handler(request, context)) ?? {}
  if (response instanceof HttpResponse) throw new Error('our handlers answer plain objects')
  const { status, headers, body: text, jsonBody } = response
  const answer = typeof text === 'string' ? JSON.parse(text) : jsonBody
  return { status, headers: new Headers(headers as Record<string, string>), body: answer, lines }
}

const callerWith = (...roles: string[]) =>
  unbounded(() => ({ kind: 'caller', caller: { objectId: 'caller-1', appId: 'app-1', roles } }))

const clock = testClock('2026-02-01T12:00:00Z')
const issued: IssueResult = {
  kind: 'issued',
  issued: {
    token: Secret.of('marked-token'),
    expiresAt: new Date('2026-02-01T12:09:00Z'),
    refreshAfter: new Date('2026-02-01T12:07:00Z'),
    region: 'westus2',
    endpoint: 'https://westus2.api.cognitive.microsoft.com/',
  },
  leftMs: 540_999,
}
const vend = (roles: string[], issue: (account: string) => Promise<IssueResult> = async () => issued) =>
  issueTokenHandler({ ...callerWith(...roles), issue })

test('a vend answers the token, its end, and what its user needs to know', async () => {
  const { status, headers, body, lines } = await call(vend(['Token.Issue']), { account: 'Speech-West' })
  expect(status).toBe(200)
  expect(headers.get('cache-control')).toBe('no-store')
  expect(body).toEqual({
    access_token: 'marked-token',
    token_type: 'Bearer',
    expires_in: 540,
    expires_at: '2026-02-01T12:09:00.000Z',
    refresh_after: '2026-02-01T12:07:00.000Z',
    account: 'speech-west',
    region: 'westus2',
    endpoint: 'https://westus2.api.cognitive.microsoft.com/',
  })
  expect(lines).toEqual([
    'information request {"what":"issueToken","caller":"caller-1","app":"app-1","account":"speech-west","token":"b81ab21ba5071c6c5cfc3a5153706614c544253a1b2e722a9fddb6ae84b8df0b","expires":"2026-02-01T12:09:00.000Z","result":"granted"}',
  ])
})

test.each<[string, string[], Ask, number, string]>([
  ['another account', ['Token.Issue.speech-east'], {}, 403, 'not_granted'],
  ['no role', [], {}, 403, 'not_granted'],
  ['a role of the rotation', ['Rotation.Read'], {}, 403, 'not_granted'],
  ['no name of an account, for a caller of one', ['Token.Issue.speech-west'], { account: 'a_b' }, 403, 'not_granted'],
  ['no name of an account, for a caller of all', ['Token.Issue'], { account: 'a_b' }, 404, 'unknown_account'],
  ['a body that is no JSON', ['Token.Issue'], { body: 'x=1' }, 400, 'malformed_body'],
  ['a body that asks for something', ['Token.Issue'], { body: '{"minutes":60}' }, 400, 'malformed_body'],
  ['a list', ['Token.Issue'], { body: '[]' }, 400, 'malformed_body'],
  ['a long body', ['Token.Issue'], { body: ' '.repeat(1_025) }, 413, 'body_too_large'],
  ['another method', ['Token.Issue'], { method: 'GET' }, 405, 'method_not_allowed'],
])('%s is refused before anything is asked upstream', async (_what, roles, ask, status, code) => {
  const handler = vend(roles, () => Promise.reject(new Error('it asked')))
  const answer = await call(handler, ask)
  expect([answer.status, answer.body.code]).toEqual([status, code])
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
})

test.each([undefined, '', '{}', ' { } ', ' '.repeat(1_024)])('the body %j is none', async (body) => {
  expect((await call(vend(['Token.Issue']), body === undefined ? {} : { body })).status).toBe(200)
})

test.each([
  ['unknown_account', 404],
  ['account_held', 503],
  ['tokens_unsupported', 409],
  ['key_refused', 503],
  ['token_service_unavailable', 503],
] as const)('%s is %i, and leaves a record', async (code, status) => {
  const { body, lines, ...answer } = await call(vend(['Token.Issue'], async () => ({ kind: 'refused', code })))
  expect([answer.status, body.code]).toEqual([status, code])
  expect(lines).toEqual([
    `information request {"what":"issueToken","caller":"caller-1","app":"app-1","account":"speech-west","result":"${code}"}`,
  ])
})

test.each([
  ['token_missing', 'Bearer'],
  ['token_invalid', 'Bearer error="invalid_token"'],
  ['token_expired', 'Bearer error="invalid_token"'],
  ['token_wrong_audience', 'Bearer error="invalid_token"'],
  ['token_wrong_tenant', 'Bearer error="invalid_token"'],
] as const)('%s is 401 with WWW-Authenticate', async (code, challenge) => {
  const nobody = unbounded(() => ({ kind: 'refused', code }))
  const answer = await call(issueTokenHandler({ ...nobody, issue: async () => issued }))
  expect([answer.status, answer.body.code, answer.headers.get('www-authenticate')]).toEqual([401, code, challenge])
})

test.each([
  [
    'an upstream that does not answer',
    new AppError('upstream_unreachable', 'read secret x: no answer'),
    503,
    'upstream_unavailable',
  ],
  [
    'an upstream that refuses',
    new AppError('upstream_refused', 'read secret x: HTTP 403'),
    503,
    'upstream_unavailable',
  ],
  ['a bug', new TypeError('marked-token\nmarked-token'), 500, 'internal'],
  ['something thrown that is no error', 'marked-token', 500, 'internal'],
])('%s tells the caller nothing of it', async (_what, error, status, code) => {
  const { lines, ...answer } = await call(vend(['Token.Issue'], () => Promise.reject(error)))
  expect([answer.status, answer.body.code]).toEqual([status, code])
  expect(answer.body).toEqual({
    type: `/api/openapi.json#/components/schemas/${code}`,
    title: problems[code as keyof typeof problems].title,
    status,
    code,
    detail: problems[code as keyof typeof problems].detail,
    traceId: 'invocation-1',
  })
  expect(lines.join()).not.toContain('marked-token')
  expect(lines[1]).toBe(
    `information request {"what":"issueToken","caller":"caller-1","app":"app-1","account":"speech-west","result":"${code}"}`,
  )
  expect(lines).toHaveLength(2)
})

test('the trace id is the one that the host passes', async () => {
  const { context } = invocation({
    traceContext: { traceParent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' },
  })
  const { body } =
    (await misconfiguredHandler(new HttpRequest({ method: 'GET', url: 'https://keystile.example/' }), context)) ?? {}
  expect(JSON.parse(String(body))).toMatchObject({ code: 'misconfigured', traceId: '4bf92f3577b34da6a3ce929d0e0e4736' })
})

test('a caller without a role leaves a record, whatever is asked for', async () => {
  const handler = listAccountsHandler({ ...callerWith('Token.Issue'), listStatus: () => Promise.reject() })
  const { lines } = await call(handler, { method: 'GET' })
  expect(lines).toEqual([
    'information request {"what":"issueToken","caller":"caller-1","app":"app-1","account":"speech-west","result":"not_granted"}',
  ])
})

describe('requests of operators', () => {
  const plan = { kind: 'rotate', slot: 'key2' } as const
  const rotate = (asked: Asked, role = 'Rotation.Manage') =>
    rotateAccountHandler({ ...callerWith(role), askForRotation: async () => asked })
  const revoke = (asked: Asked, role = 'Rotation.Revoke') =>
    revokeAccountHandler({ ...callerWith(role), askForRevoke: async () => asked })

  test.each<[string, Asked, number, object]>([
    ['accepted', { kind: 'accepted', plan }, 202, { plan }],
    ['a dry run', { kind: 'planned', plan }, 200, { plan }],
    [
      'in grace',
      { kind: 'in-grace', until: new Date('2026-02-03T00:00:00Z') },
      409,
      { code: 'in_grace', until: '2026-02-03T00:00:00.000Z' },
    ],
    ['held', { kind: 'not-possible', reason: 'held' }, 409, { code: 'not_possible', reason: 'held' }],
    ['unknown', { kind: 'unknown-account' }, 404, { code: 'unknown_account' }],
  ])('%s', async (_what, asked, status, body) => {
    for (const [handler, sent] of [
      [rotate(asked), undefined],
      [revoke(asked), '{"slots":"both"}'],
    ] as const) {
      const answer = await call(handler, sent === undefined ? {} : { body: sent })
      expect([answer.status, answer.body]).toEqual([status, expect.objectContaining(body)])
    }
  })

  test('an accepted request says where its outcome is seen', async () => {
    const { headers } = await call(rotate({ kind: 'accepted', plan }))
    expect(headers.get('location')).toBe('/api/accounts/speech-west')
  })

  test.each([
    ['rotate', 'Rotation.Read'],
    ['rotate', 'Rotation.Revoke'],
    ['revoke', 'Rotation.Manage'],
    ['revoke', 'Token.Issue'],
  ])('%s is not for %s', async (what, role) => {
    const answer = await call(
      what === 'rotate' ? rotate({ kind: 'planned', plan }, role) : revoke({ kind: 'planned', plan }, role),
    )
    expect([answer.status, answer.body.code]).toEqual([403, 'not_granted'])
  })

  test.each([undefined, '{}', '{"slots":"all"}', '{"slots":"both","now":true}', 'x'])(
    'a revoke with the body %j is malformed',
    async (body) => {
      const answer = await call(revoke({ kind: 'planned', plan }), body === undefined ? {} : { body })
      expect([answer.status, answer.body.code]).toEqual([400, 'malformed_body'])
      expect(answer.body.detail).toContain('`slots` is `live`, `idle` or `both`')
    },
  )
})

test('the status of the fleet is for callers with Rotation.Read', async () => {
  const listStatus = async () => ({ accounts: [], failed: [] })
  const ask: Ask = { method: 'GET' }
  const granted = await call(listAccountsHandler({ ...callerWith('Rotation.Read'), listStatus }), ask)
  expect([granted.status, granted.body]).toEqual([200, { accounts: [], failed: [] }])
  const denied = listAccountsHandler({ ...callerWith('Token.Issue'), listStatus: () => Promise.reject() })
  expect((await call(denied, ask)).status).toBe(403)
})

test.each([
  ['Rotation.Read', 'speech-west', 200],
  ['Rotation.Read', 'other', 404],
  ['Rotation.Read', 'a_b', 404],
  ['Token.Issue', 'speech-west', 403],
])('with %s, the status of %s is %i', async (role, account, status) => {
  const known = {
    account: 'speech-west',
    id: ID,
    kind: 'SpeechServices',
    region: 'westus2',
    state: 'managed',
    held: false,
    drift: [],
    warnings: [],
  } as const
  const getStatus = async (name: string) => (name === 'speech-west' ? known : undefined)
  const handler = getAccountHandler({ ...callerWith(role), getStatus })
  expect((await call(handler, { method: 'GET', account })).status).toBe(status)
})

test.each([
  ['ok', 200],
  ['misconfigured', 503],
] as const)('health is %s with %i', async (status, code) => {
  const answer = await call(healthHandler(status), { method: 'GET' })
  expect([answer.status, answer.body]).toEqual([code, { status }])
})

test.each([
  [{ account: ID }, { account: ID, attempt: 0 }],
  [
    { account: ID, kind: 'revoke', kill: ['x'] },
    { account: ID, attempt: 0 },
  ],
  [{ secret: 'speech-west' }, { secret: 'speech-west' }],
  [Buffer.from('{"secret":"speech-west"}').toString('base64'), { secret: 'speech-west' }],
])('the message %j means: look at %j', (entry, meant) => expect(parseCheckMessage(entry)).toEqual(meant))

test.each([
  ['marked text', 'account'],
  [{ account: '/marked' }, 'account'],
  [{ secret: 'Marked Name' }, 'secret'],
  [{}, 'account'],
  [null, 'account'],
])('the message %j is refused by the name of its field', (entry, field) => {
  expect(() => parseCheckMessage(entry)).toThrow(new AppError('message_invalid', `the message does not fit: ${field}`))
})

const done: Report = { outcome: { kind: 'done' }, planned: ['done'], did: [] }

describe('checkAccount', () => {
  const run = async (
    deps: Partial<Parameters<typeof checkAccountHandler>[0]>,
    entry: unknown = { account: ID },
    triggerMetadata: Record<string, string> = {},
  ) => {
    const sent: unknown[] = []
    const { lines, context } = invocation({ triggerMetadata })
    const find = async () => accountId()
    const checks = { send: async (message: object, delayMs = 0) => void sent.push([message, delayMs]) }
    const handler = checkAccountHandler({ find, check: async () => done, covers: () => false, checks, clock, ...deps })
    const error: unknown = await Promise.resolve(handler(entry, context)).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    return { lines, error, sent }
  }

  test('a run leaves one record with its outcome', async () => {
    expect(await run({})).toEqual({
      error: undefined,
      sent: [],
      lines: [
        `information rotation.checked {"account":"${ID}","request":"check","kind":"done","planned":["done"],"did":[],"attempt":0,"milliseconds":0}`,
      ],
    })
  })

  test('the age of a key that stays live is in the record', async () => {
    const live = {
      since: new Date('2026-01-01T00:01:01Z'),
      graceUntil: new Date('2026-01-03T00:01:01Z'),
      due: new Date('2026-01-31T00:01:01Z'),
      overdue: true,
    }
    const { lines } = await run({ check: async () => ({ ...done, live }) })
    expect(lines.join()).toContain(
      '"attempt":0,"since":"2026-01-01T00:01:01.000Z","due":"2026-01-31T00:01:01.000Z","overdue":true,"milliseconds":0}',
    )
  })

  test('a message can only mean a check', async () => {
    const asked: unknown[] = []
    const check = async (_id: unknown, request: unknown) => {
      asked.push(request)
      return done
    }
    await run({ check }, { account: ID, kind: 'revoke', kill: ['all'] })
    expect(asked).toEqual([{ kind: 'check' }])
  })

  test('a run that could not finish completes its message and leaves a successor, with one more attempt', async () => {
    const busy: Report = { outcome: { kind: 'busy' }, planned: [], did: [] }
    const { error, sent } = await run({ check: async () => busy }, { account: ID, attempt: 2 })
    expect([error, sent]).toEqual([undefined, [[{ account: ID, attempt: 3 }, 20_000]]])
  })

  test('a secret that no account of the fleet has is no error', async () => {
    const { error, lines } = await run({ find: async () => undefined }, { secret: 'speech-west' })
    expect([error, lines]).toEqual([
      undefined,
      [
        'information rotation.checked {"request":"check","kind":"skipped","reason":"not-enrolled","planned":[],"did":[],"attempt":0,"milliseconds":0}',
      ],
    ])
  })

  test('a check that a later run has answered is not run again', async () => {
    const asked: unknown[] = []
    const covers = (_id: unknown, askedAt: Date) => !(askedAt.getTime() > Date.UTC(2026, 1, 1, 12))
    const check = async () => {
      asked.push('run')
      return done
    }
    const old = await run({ check, covers }, { account: ID }, { insertionTime: '2026-02-01T12:00:00Z' })
    expect([old.error, old.sent, asked]).toEqual([undefined, [], []])
    expect(old.lines.join()).toContain('"kind":"done","planned":[]')
    for (const insertionTime of ['2026-02-01T12:00:01Z', 'no time'])
      await run({ check, covers }, undefined, { insertionTime })
    await run({ check, covers })
    expect(asked).toEqual(['run', 'run', 'run'])
  })

  test('a run that Azure was too busy for completes its message and leaves a successor, ten times', async () => {
    const check = () => Promise.reject(new AppError('upstream_throttled', 'list the keys: HTTP 429', 429))
    const { error, sent, lines } = await run({ check }, { account: ID, attempt: 3 })
    expect([error, sent]).toEqual([undefined, [[{ account: ID, attempt: 4 }, 40_000]]])
    expect(lines).toEqual([
      `error rotation.failed {"account":"${ID}","code":"upstream_throttled","reason":"list the keys: HTTP 429","againInMs":40000}`,
    ])
    expect((await run({ check }, { account: ID, attempt: 10 })).error).toMatchObject({ code: 'upstream_throttled' })
  })

  test.each([
    ['ours', new AppError('upstream_unreachable', 'read x: HTTP 503'), 'read x: HTTP 503'],
    ['a bug', new TypeError('marked-key'), 'check failed'],
  ])('a failure brings the message back and is told once: %s', async (_what, thrown, message) => {
    const { error, lines } = await run({ check: () => Promise.reject(thrown) })
    expect(error).toMatchObject({ message })
    expect(lines).toHaveLength(1)
    expect(lines.join()).not.toContain('marked-key')
  })
})

test('a round tells what it could not look at, whose name was refused, and which records nobody keeps', async () => {
  const { lines, context } = invocation()
  const failed = [{ subscription: 'sub-2', reason: 'list the accounts: HTTP 403' }]
  const round = {
    accounts: [account()],
    failed,
    asked: 0,
    unasked: [{ account: ID, reason: 'put a message on a queue: no answer' }],
    rivals: [{ account: account(), name: 'speech-west', owner: OTHER_ID }],
    unmanaged: [{ name: 'left-over', account: OTHER_ID, record: {}, enabled: true }],
  }
  await rotationScheduleHandler({ askForChecks: async () => round })(
    { schedule: { adjustForDST: true }, isPastDue: false, scheduleStatus: { last: '', next: '', lastUpdated: '' } },
    context,
  )
  expect(lines).toEqual([
    'error discovery.failed {"subscription":"sub-2","reason":"list the accounts: HTTP 403"}',
    `error check.unasked {"account":"${ID}","reason":"put a message on a queue: no answer"}`,
    `warning name.refused {"account":"${ID}","secret":"speech-west","owner":"${OTHER_ID}"}`,
    `warning record.unmanaged {"account":"${OTHER_ID}","secret":"left-over"}`,
    'information rotation.scheduled {"accounts":1,"asked":0,"failed":1,"rivals":1,"unmanaged":1}',
  ])
})
