// What the versions of a secret tell: which are ours, which one is live, since when, and what nobody can know.

import { tag } from '../../src/common/record.ts'
import { type History, readHistory } from '../../src/rotation/history.ts'
import type { SecretVersion } from '../../src/rotation/ports.ts'
import { foreign, fp, published } from '../support/rotation.ts'

const AT = '2026-01-20T00:00:00Z'
const BEFORE = published('2025-11-01T00:00:00Z', 'key2', 'old')
const tagged = (tags: Record<string, string>, at = AT) => published(at, 'key1', 'k', { tags })
const keyless = (at: string) =>
  published(at, 'key1', 'x', { tags: { [tag.credentialId]: 'none', [tag.fingerprint]: '' } })

const brief = ({ newest, tiedAt, disabled, switchedAt, adopted }: History) => ({
  newest: newest?.fingerprint ?? newest?.credentialId,
  tiedAt: tiedAt?.toISOString(),
  disabled,
  switchedAt: switchedAt?.toISOString(),
  adopted,
})
const read = (...versions: SecretVersion[]) => brief(readHistory(versions, 0))
const nothing = { newest: undefined, tiedAt: undefined, disabled: false, switchedAt: undefined, adopted: false }
const live = { ...nothing, newest: fp('k'), switchedAt: '2026-01-20T00:00:01.000Z' }

test('no versions tell nothing', () => {
  expect(readHistory([], 0)).toStrictEqual({ ...nothing, top: [] })
})

test('one version of ours is a key that was found', () => {
  expect(read(tagged({}))).toStrictEqual({ ...live, adopted: true })
})

test('a key that replaced another one is none that was found, and its switch counts with the skew', () => {
  expect(brief(readHistory([BEFORE, tagged({})], 250))).toStrictEqual({
    ...live,
    switchedAt: '2026-01-20T00:00:01.250Z',
  })
})

test.each([
  tag.credentialId,
  tag.providerAddress,
  tag.publishedAt,
  tag.publisher,
  tag.region,
  tag.kind,
  tag.fingerprint,
])('without the tag %s a version is not ours', (name) => {
  expect(read(BEFORE, tagged({ [name]: '' }))).toStrictEqual(nothing)
})

test.each([
  ['a slot that there is not', { [tag.credentialId]: 'key3' }],
  ['a date that is none', { [tag.publishedAt]: 'yesterday' }],
  ['a fingerprint that is none', { [tag.fingerprint]: 'k' }],
  ['a date five minutes and a millisecond early', { [tag.publishedAt]: '2026-01-19T23:54:59.999Z' }],
  ['a date five minutes and a millisecond late', { [tag.publishedAt]: '2026-01-20T00:05:00.001Z' }],
])('with %s a version is not ours', (_what, tags) => {
  expect(read(BEFORE, tagged(tags))).toStrictEqual(nothing)
})

test.each(['2026-01-19T23:55:00Z', '2026-01-20T00:05:00Z'])(
  'five minutes apart, at %s, the clocks still agree',
  (at) => {
    expect(read(BEFORE, tagged({ [tag.publishedAt]: at }))).toStrictEqual(live)
  },
)

test('a version without a subdomain and a sibling is ours, where the account has none', () => {
  expect(read(BEFORE, tagged({ [tag.subDomain]: '', [tag.sibling]: '' }))).toStrictEqual(live)
})

test('the first version of the unbroken run of a key is its switch', () => {
  const run = [AT, '2026-01-22T00:00:00Z', '2026-01-25T00:00:00Z'].map((at) => published(at, 'key1', 'k'))
  expect(read(BEFORE, ...run)).toStrictEqual(live)
  const since = published('2026-01-23T00:00:00Z', 'key2', 'other')
  expect(read(BEFORE, ...run, since)).toStrictEqual({ ...live, switchedAt: '2026-01-25T00:00:01.000Z' })
})

test('a key that was found, and is published again, is as old as its first version', () => {
  const run = [AT, '2026-01-22T00:00:00Z', '2026-01-25T00:00:00Z'].map((at) => published(at, 'key1', 'k'))
  expect(read(...run)).toStrictEqual({ ...live, adopted: true })
})

test('two publications of one key within a second are one', () => {
  const again = published(AT, 'key1', 'k', { tags: { [tag.publishedAt]: '2026-01-20T00:00:00.700Z' } })
  expect(read(BEFORE, tagged({}), again)).toStrictEqual(live)
})

test.each([
  ['a version of nobody’s', foreign('2025-12-01T00:00:00Z'), true],
  ['a record without a key', keyless('2025-12-01T00:00:00Z'), true],
  ['a key of ours', published('2025-12-01T00:00:00Z', 'key2', 'other'), false],
  [
    'an edited key of ours',
    published('2025-12-01T00:00:00Z', 'key2', 'o', { updatedAt: '2025-12-05T00:00:00Z' }),
    false,
  ],
])('a key after %s: found, not made: %#', (_what, before, adopted) => {
  expect(read(BEFORE, before, tagged({}))).toStrictEqual({ ...live, adopted })
})

test('a tie below that holds a version of nobody’s makes the key a found one', () => {
  const tie = [published('2025-12-01T00:00:00Z', 'key2', 'other'), foreign('2025-12-01T00:00:00Z')]
  expect(read(BEFORE, ...tie, tagged({}))).toStrictEqual({ ...live, adopted: true })
})

test('a tie below ends the run, even where it holds the same key', () => {
  const second = { tags: { [tag.publishedAt]: '2026-01-10T00:00:00.500Z' } }
  const tie = [
    published('2026-01-10T00:00:00Z', 'key1', 'k'),
    published('2026-01-10T00:00:00Z', 'key2', 'other', second),
  ]
  expect(read(BEFORE, ...tie, tagged({}))).toStrictEqual(live)
})

test('two keys in the newest second are a tie, in either order', () => {
  const tie = [tagged({}), published(AT, 'key2', 'other')]
  const tied = { ...nothing, tiedAt: '2026-01-20T00:00:00.000Z' }
  expect([read(BEFORE, ...tie), read(...tie.toReversed(), BEFORE)]).toStrictEqual([tied, tied])
})

test('a newest version that is not ours is no tie', () => {
  expect(read(BEFORE, foreign(AT))).toStrictEqual(nothing)
})

test('a disabled version stops where it is the newest, or one of the newest', () => {
  const off = (at: string) => published(at, 'key2', 'other', { enabled: false })
  expect(read(off('2026-01-01T00:00:00Z'), tagged({})).disabled).toBe(false)
  expect(read(BEFORE, off(AT)).disabled).toBe(true)
  expect(read(tagged({}), off(AT)).disabled).toBe(true)
  expect(read({ ...foreign(AT), enabled: false })).toStrictEqual({ ...nothing, disabled: true })
})

test('what the newest second says is told of each of its versions, and of no other', () => {
  const { top } = readHistory([BEFORE, tagged({}), foreign(AT, { [tag.publisher]: 'stage' })], 0)
  expect(top).toMatchObject([
    { ours: true, record: { fingerprint: fp('k'), publisher: 'prod' } },
    { ours: false, record: { publisher: 'stage' } },
  ])
})

describe('a version with the date of an earlier one', () => {
  const copyAt = (at: string, change: Partial<SecretVersion> = {}): SecretVersion => ({
    ...tagged({}),
    version: 'copy',
    createdAt: new Date(at),
    updatedAt: new Date(at),
    ...change,
  })

  test('is a copy, in any order, and ends the run of the key', () => {
    const copy = copyAt('2026-01-20T00:00:01Z')
    expect([read(BEFORE, tagged({}), copy), read(copy, tagged({}), BEFORE)]).toStrictEqual([nothing, nothing])
  })

  test('keeps its say of whose it is', () => {
    const { top } = readHistory([tagged({}), copyAt('2026-01-20T00:00:01Z')], 0)
    expect(top).toMatchObject([{ ours: false, record: { providerAddress: expect.stringContaining('speech-west') } }])
    expect(top[0]?.record).not.toHaveProperty('publishedAt')
  })

  test('in the same second makes a tie: nobody knows which one is the copy', () => {
    expect(read(BEFORE, tagged({}), copyAt(AT))).toStrictEqual({ ...nothing, tiedAt: '2026-01-20T00:00:00.000Z' })
  })

  test('in one second with it, below the newest, makes the key after them a found one', () => {
    const older = published('2026-01-10T00:00:00Z', 'key2', 'other')
    expect(read(BEFORE, older, { ...older, version: 'copy' }, tagged({}))).toStrictEqual({ ...live, adopted: true })
    expect(read(BEFORE, older, tagged({}))).toStrictEqual(live)
  })

  test('below the newest makes the key after it a found one', () => {
    const copy = copyAt('2026-01-21T00:00:00Z')
    const newest = published('2026-01-25T00:00:00Z', 'key1', 'k')
    expect(read(BEFORE, tagged({}), copy, newest)).toStrictEqual({
      ...live,
      switchedAt: '2026-01-25T00:00:01.000Z',
      adopted: true,
    })
  })

  test('is not what versions without a date are to each other', () => {
    expect(read(foreign('2025-10-01T00:00:00Z'), foreign('2025-10-02T00:00:00Z'), BEFORE, tagged({}))).toStrictEqual(
      live,
    )
  })
})
