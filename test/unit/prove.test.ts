// Whether a key works: who is asked, how often, and what counts as an answer.

import { fingerprintOf, Secret } from '../../src/common/secret.ts'
import type { KeyJudge, Verdict } from '../../src/rotation/ports.ts'
import { proveKey } from '../../src/rotation/prove.ts'
import { testClock } from '../support/rotation-world.ts'

const [key, other] = [Secret.of('the new key'), Secret.of('the other key')]
const accepted: Verdict = { kind: 'accepted' }
const refused: Verdict = { kind: 'refused' }
const unsupported: Verdict = { kind: 'unsupported' }
const unknown = (reason: string): Verdict => ({ kind: 'unknown', reason })

interface Judged {
  readonly verdict: (nth: number) => Verdict
  readonly otherVerdict?: Verdict
  readonly accountKind?: string
}

/** Refused keys are asked for again each second for ten seconds; an unprovable one rests for a minute. */
async function prove({ verdict, otherVerdict = accepted, accountKind = 'SpeechServices' }: Judged) {
  const clock = testClock('2026-02-01T12:00:00Z')
  // Neither clock starts at nought: only what has passed since the first exchange counts.
  clock.advance(7_000)
  const askedAt: number[] = []
  const otherAskedAt: number[] = []
  const judge: KeyJudge = {
    judge: async (_place, asked) => {
      const isKey = fingerprintOf(asked) === fingerprintOf(key)
      const times = isKey ? askedAt : otherAskedAt
      times.push(clock.elapsed() - 7_000)
      return isKey ? verdict(times.length) : otherVerdict
    },
  }
  const terms = { windowMs: 10_000, spacingMs: 1_000, settleMs: 60_000 }
  const proof = await proveKey({ judge, clock, terms })({ place: { region: 'westus2' }, accountKind, key, other })
  return { proof, askedAt, otherAskedAt, tookMs: clock.elapsed() - 7_000 }
}

const everySecond = [0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 9_000, 10_000]

test('three exchanges a second apart are enough, and the other key is not asked for', async () => {
  expect(await prove({ verdict: () => accepted })).toEqual({
    proof: { kind: 'accepted' },
    askedAt: [0, 1_000, 2_000],
    otherAskedAt: [],
    tookMs: 2_000,
  })
})

test('any refusal in between starts over', async () => {
  const script = [accepted, accepted, refused, accepted, unknown('timeout'), accepted, accepted, accepted]
  const { proof, askedAt } = await prove({ verdict: (nth) => script[nth - 1] ?? refused })
  expect(proof).toEqual({ kind: 'accepted' })
  expect(askedAt).toHaveLength(8)
})

test('a key that is known everywhere only after the window still counts, if it was accepted just before its end', async () => {
  const { proof, askedAt } = await prove({ verdict: (nth) => (nth <= 10 ? refused : accepted) })
  expect(proof).toEqual({ kind: 'accepted' })
  expect(askedAt.at(-1)).toBe(12_000)
})

test.each<[string, Verdict, Verdict, object]>([
  ['refused while the other one is accepted', refused, accepted, { kind: 'rejected' }],
  ['refused, and so is the other one', refused, refused, { kind: 'unknown', reason: 'both-refused' }],
  [
    'refused, with a timeout for the other',
    refused,
    unknown('timeout'),
    { kind: 'unknown', reason: 'other-key-unjudged' },
  ],
  ['refused, with a 404 for the other', refused, unsupported, { kind: 'unknown', reason: 'other-key-unjudged' }],
])('a key to the end of the window %s', async (_what, verdict, otherVerdict, proof) => {
  expect(await prove({ verdict: () => verdict, otherVerdict })).toEqual({
    proof,
    askedAt: everySecond,
    otherAskedAt: [10_000],
    tookMs: 10_000,
  })
})

test('a key that nobody could judge to the end is unknown, for the last reason', async () => {
  const { proof, askedAt, otherAskedAt } = await prove({
    verdict: (nth) => unknown(nth === 11 ? 'forbidden' : 'timeout'),
  })
  expect(proof).toEqual({ kind: 'unknown', reason: 'forbidden' })
  expect([askedAt, otherAskedAt]).toEqual([everySecond, []])
})

test('a kind that has a token service and yet answers 404 is not taken for one without', async () => {
  expect(await prove({ verdict: () => unsupported })).toEqual({
    proof: { kind: 'unknown', reason: 'no-token-service' },
    askedAt: [0],
    otherAskedAt: [],
    tookMs: 0,
  })
})

describe('a kind without a token service', () => {
  const accountKind = 'ComputerVision'

  test.each<[string, Verdict, Verdict, number[]]>([
    ['answers 404', unsupported, accepted, []],
    ['refuses both keys', refused, refused, [0]],
  ])('that %s is believed at once, and its key rests', async (_what, verdict, otherVerdict, otherAskedAt) => {
    expect(await prove({ accountKind, verdict: () => verdict, otherVerdict })).toEqual({
      proof: { kind: 'unsupported' },
      askedAt: [0],
      otherAskedAt,
      tookMs: 60_000,
    })
  })

  test.each<[string, Verdict, object]>([
    ['accepts the other key', accepted, { kind: 'rejected' }],
    ['says nothing of the other key', unknown('timeout'), { kind: 'unknown', reason: 'other-key-unjudged' }],
  ])('that refuses the key and %s is asked to the end of the window', async (_what, otherVerdict, proof) => {
    expect(await prove({ accountKind, verdict: () => refused, otherVerdict })).toEqual({
      proof,
      askedAt: everySecond,
      otherAskedAt: everySecond,
      tookMs: 10_000,
    })
  })
})
