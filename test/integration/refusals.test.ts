// Caller × defect × account over HTTP: every refusal has its status and code, costs nothing upstream, and tells nobody
// which accounts there are.

import type { AppProcess } from '../../local/app-process.ts'
import { startTestAzure, type TestAzure } from '../support/azure.ts'
import { useAzurite } from '../support/azurite.ts'
import { type Answered, app, type Place, type Row, type Sent, send, user } from '../support/refusals.ts'
import { startPlaces } from '../support/refusals-apps.ts'
import { strangers } from '../support/refusals-callers.ts'
import { known, methods, outside } from '../support/refusals-requests.ts'
import { until } from '../support/stack.ts'
import { wired } from '../support/wired.ts'

jest.setTimeout(60_000)

/** A user without a role, who is in no row. */
const stranger = user({ user: 'stranger', scopes: ['access_as_user'] })

const azurite = useAzurite()
let azure: TestAzure
let apps: Map<Place, AppProcess>
const lines: string[] = []

beforeAll(async () => {
  azure = await startTestAzure()
  const { discover, check } = wired(azure)
  for (const account of (await discover()).accounts) await check(account, { kind: 'check' })
  apps = await startPlaces(azure, azurite().connectionString, (line, place) => void lines.push(`${place} ${line}`))
  // From here on the keys of Entra are known.
  for (const to of apps.keys()) await ask({ to, path: to === 'rotator' ? '/x/rotate' : '/x/token', token: stranger })
})
afterAll(async () => {
  for (const each of apps.values()) await each.close()
  await azure?.close()
})

async function ask(sent: Sent): Promise<Answered> {
  const token = sent.token && (await azure.entra.mint(sent.token)).token
  return send(apps.get(sent.to ?? 'vendor')?.url ?? '', sent, token)
}

/** What is refused, and what was asked of Azure meanwhile. */
async function askAlone(sent: Sent) {
  const { next } = azure.journal.since(0)
  const answered = await ask(sent)
  return { ...answered, upstream: azure.journal.since(next).entries.map(({ route }) => route) }
}

/** Records of that name that the apps have written, and which app did. */
const recordsIn = (name: string) =>
  lines.flatMap((line) => {
    const [, of, found, json = ''] = /^(\w+) (?:.* )?([\w.]+) (\{.*\})$/.exec(line) ?? []
    return found === name ? [{ ...JSON.parse(json), of }] : []
  })

const rows: readonly Row[] = [...strangers, ...known, ...methods]

test('the table has its rows, each with a name of its own', () => {
  expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length)
  expect(rows.length).toBeGreaterThanOrEqual(120)
})

test.each(rows)('$name: $status $code', async (row) => {
  const { status, headers, body, upstream } = await askAlone(row)
  expect([status, body.code, upstream]).toEqual([row.status, row.code, []])
  expect(headers['content-type']).toBe('application/problem+json')
  expect(headers['cache-control']).toBe('no-store')
  expect(headers['www-authenticate'] !== undefined).toBe(status === 401)
  expect(headers['access-control-expose-headers']).toBe('Retry-After, RateLimit, RateLimit-Policy')
  expect(headers['retry-after'] ?? '').toMatch(status === 429 ? /^[1-9]\d*$/ : /^$/)
  expect(headers.ratelimit !== undefined).toBe(known.includes(row) && row.code !== 'caller_denied')
})

/** Of callers who were denied or limited once in that minute, for the same reason: they are counted. */
const repeated = [
  'denied, for an account that does not exist',
  'denied, with a long body',
  'one request too many, for an account that does not exist',
]

test('each request of a known caller left one record with how it ended, and no other request left any', async () => {
  const records = () => recordsIn('request').filter(({ count }) => count === undefined)
  const recorded = known.filter(({ name }) => !repeated.includes(name))
  expect(recorded).toHaveLength(known.length - 3)
  // Three more are those that made the keys known.
  await until('all records are written', () => records().length >= recorded.length + 3)
  const ends = (of: readonly { code?: string; result?: string }[]) =>
    of.map(({ code, result }) => code ?? result).sort()
  const first = Array(3).fill({ result: 'not_granted' })
  expect(ends(records())).toEqual(ends([...recorded, ...first]))
  for (const { caller, app: through } of records())
    expect([caller, through].join()).toMatch(/^[\da-f-]{36},[\da-f-]{36}$/)
  expect(records().find(({ result }) => result === 'caller_denied')).toEqual({
    what: 'issueToken',
    caller: 'ca11e40b-0000-4000-8000-000000000002',
    app: 'ca11e400-0000-4000-8000-000000000002',
    account: 'speech-west',
    result: 'caller_denied',
    of: 'strict',
  })
})

test('a caller of one account gets the very same answer for every other name, existing or not', async () => {
  const given = new Set<string>()
  for (const name of Object.values(outside)) {
    const { status, headers, body, upstream } = await askAlone({
      token: app({ caller: 'app-speech' }),
      path: `/${name}/token`,
    })
    const { traceId: _trace, ...told } = body
    const { date: _date, ratelimit: _left, ...heads } = headers
    given.add(JSON.stringify([status, told, heads, upstream]))
  }
  expect([...given]).toEqual([expect.stringMatching(/^\[403,.*"code":"not_granted".*,\[\]\]$/)])
  const published = azure.journal.since(0).entries.filter(({ event }) => event === 'published')
  expect(published.map(({ account }) => account)).toEqual(expect.arrayContaining(['multi-east', 'translator-global']))
})

test('one request at a time: another one is refused at once, whoever asks, and health is not', async () => {
  azure.faults.add({ route: 'keyVault.getSecret', kind: 'hang' })
  const first = ask({ to: 'strict', token: app() }).catch(() => 'cut off')
  await until('the first one hangs', () => azure.journal.since(0).entries.some(({ fault }) => fault === 'hang'))
  const { status, body, headers } = await ask({ to: 'strict' })
  expect([status, body.code, headers['retry-after']]).toEqual([503, 'overloaded', '1'])
  expect((await fetch(`${apps.get('strict')?.url}/api/health`)).status).toBe(200)
  expect((await ask({ to: 'vendor' })).status).toBe(401)
  apps.get('strict')?.child.kill('SIGKILL')
  expect(await first).toBe('cut off')
})

test('who was not known is counted, once per reason, and told when the process ends', async () => {
  await apps.get('vendor')?.close()
  const counted = () => recordsIn('caller.refused').filter(({ of }) => of === 'vendor')
  const sum = () => counted().reduce((all, { count }) => all + count, 0)
  // The last lines of a process may come in after its end. One more is the request of the test before.
  await until('all are told', () => sum() >= strangers.length + 1)
  expect(sum()).toBe(strangers.length + 1)
  expect(counted().length).toBeLessThanOrEqual(10)
  expect(lines.join('\n')).not.toMatch(/eyJ[\w-]+\.eyJ/)
})
