// What `npm start` shows of the apps' logs.

import { readNews } from '../../local/news.ts'
import { ID } from '../support/rotation.ts'

const line = (fields: object) =>
  `[2026-02-01T12:00:00.000Z] information carryOutRequest rotation.checked ${JSON.stringify({ account: ID, ...fields })}`

test.each([
  ['a published key', { request: 'check', kind: 'published', slot: 'key2', did: [] }, 'speech-west: published key2'],
  [
    'a withheld key, with the reason',
    { request: 'check', kind: 'withheld', slot: 'key2', reason: 'rejected', did: ['regenerate key2'] },
    'speech-west: withheld key2 (rejected)',
  ],
  [
    'a revoke that is done, with all that it took',
    { request: 'revoke', kind: 'done', did: ['publish key2', 'regenerate key1'] },
    'speech-west: revoke done (publish key2, regenerate key1)',
  ],
  [
    'a rotation that somebody asked for, which its first run has published already',
    { request: 'rotate', kind: 'done', did: [] },
    'speech-west: rotate done',
  ],
])('%s is news', (_what, fields, news) => {
  expect(readNews(line(fields))).toBe(news)
})

test.each([
  ['a check that the run before it has answered', { request: 'check', kind: 'done', did: [] }],
  ['a key that is not due', { request: 'check', kind: 'waiting', why: 'not-due', did: [] }],
  ['a request that meets another run', { request: 'revoke', kind: 'busy', did: [] }],
])('%s is none', (_what, fields) => {
  expect(readNews(line(fields))).toBeUndefined()
})

test('a failure is shown as it is logged, and anything else is not', () => {
  const failed = `[2026-02-01T12:00:00.000Z] error checkAccount rotation.failed {"code":"internal"}`
  expect(readNews(failed)).toBe(failed)
  expect(readNews('[2026-02-01T12:00:00.000Z] information host Host ready')).toBeUndefined()
})
