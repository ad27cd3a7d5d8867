// The demo's own judgement: each way in which it can fall short is seen.

import { readRefusal, renderTable } from '../../local/demo/report.ts'
import { type Shown, shortfalls } from '../../local/demo/verdict.ts'
import { readHistories } from '../../local/demo/watch.ts'

const publication = (slot: string, fingerprint: string, worked = true) => ({ slot, fingerprint, worked })

const shown = (change: { history?: Partial<Shown['history']>; tally?: Partial<Shown['tally']> } = {}): Shown => ({
  name: 'speech-west',
  history: {
    published: [publication('key1', 'a'), publication('key2', 'b'), publication('key1', 'c')],
    used: new Map([
      ['a', 1],
      ['b', 1],
      ['c', 1],
    ]),
    ...change.history,
  },
  tally: { vends: 10, calls: 1_000, failures: [], ...change.tally },
})

test.each([
  ['all is well', {}, []],
  [
    'a call failed',
    { tally: { failures: ['the service answered 401'] } },
    ['speech-west: 1 calls failed, the first: the service answered 401'],
  ],
  ['too few calls', { tally: { calls: 999 } }, ['speech-west: only 999 calls were made, not 1000']],
  [
    'published before it worked',
    { history: { published: [publication('key1', 'a'), publication('key2', 'b', false), publication('key1', 'c')] } },
    ['speech-west: a key was published before it worked'],
  ],
  [
    'the same key published again is no rotation',
    { history: { published: [publication('key1', 'a'), publication('key1', 'a'), publication('key2', 'b')] } },
    ['speech-west: only 1 rotations were seen, not 2'],
  ],
  [
    'a new key that nobody used',
    {
      history: {
        used: new Map([
          ['a', 1],
          ['b', 1],
        ]),
      },
    },
    ['speech-west: 1 of 3 published keys were never seen in use'],
  ],
])('%s', (_what, change, expected) => expect(shortfalls(shown(change))).toEqual(expected))

test('the journal becomes a history: publications in order, and accepted calls by the key behind them', () => {
  const entry = { at: 0, host: 'h', status: 200, account: 'speech-west' }
  const histories = readHistories([
    { ...entry, route: 'keyVault.setSecret', event: 'published', slot: 'key1', fingerprint: 'a', worked: true },
    { ...entry, route: 'speech.listVoices', fingerprint: 'a' },
    { ...entry, route: 'speech.listVoices', fingerprint: 'a', status: 401 },
    { ...entry, route: 'sts.issueToken', fingerprint: 'a' },
  ])
  expect(histories).toEqual(
    new Map([['speech-west', { published: [publication('key1', 'a')], used: new Map([['a', 1]]) }]]),
  )
})

test('an account that is left alone is in the table with the reason from the log', () => {
  const line =
    '[2026-02-01T12:00:00Z] information checkAccount rotation.checked {"account":"/subscriptions/s/accounts/speech-held","kind":"skipped","reason":"held","milliseconds":3}'
  expect(readRefusal(line)).toEqual({ account: 'speech-held', reason: 'held' })
  expect(readRefusal('rotation.checked {"account":"a","kind":"waiting"}')).toBeUndefined()
  expect(renderTable([shown()], [{ account: 'speech-held', reason: 'held' }])).toBe(
    [
      'account      live slot history   vends  calls  failures',
      'speech-west  key1 > key2 > key1  10     1000   0',
      'speech-held  left alone: held',
    ].join('\n'),
  )
})
