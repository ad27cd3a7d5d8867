import { tag } from '../../src/common/record.ts'
import { type Plan, planRotation, type Question, type Request } from '../../src/rotation/plan.ts'
import { account, current, foreign, fp, ID, OTHER_ID, published, question, terms } from '../support/rotation.ts'

// An adopted key before it, so that the live one was made by a rotation and is due a full interval after its switch.
const adopted = published('2025-11-01T00:00:00Z', 'key2', 'old second key')
const fresh = published('2026-01-20T00:00:00Z', 'key1', 'first key')
const old = published('2026-01-01T00:00:00Z', 'key1', 'first key')
const due = [adopted, old]
const notDue = [adopted, fresh]
const rotate: Request = { kind: 'rotate', live: current.key1 }
const revoke = (...kill: string[]): Request => ({ kind: 'revoke', kill })
const found = (change: Parameters<typeof account>[0]): Question['account'] => ({
  kind: 'found',
  account: account(change),
})
const untagged = foreign('2026-01-20T00:00:00Z')
const keyless = published('2026-01-20T00:00:00Z', 'key1', 'x', {
  tags: { [tag.credentialId]: 'none', [tag.fingerprint]: '' },
})

interface Row {
  why: string
  ask: Partial<Question>
  plan: Plan
}

const rows: Row[] = [
  // skip
  { why: 'the account is gone', ask: { account: { kind: 'gone' } }, plan: { kind: 'skip', reason: 'account-gone' } },
  {
    why: 'the account vanished before its keys were read',
    ask: { keys: { kind: 'gone' } },
    plan: { kind: 'skip', reason: 'account-gone' },
  },
  {
    why: 'the account may not be read',
    ask: { account: { kind: 'refused' } },
    plan: { kind: 'skip', reason: 'not-granted' },
  },
  {
    why: 'its keys may not be listed',
    ask: { keys: { kind: 'refused' } },
    plan: { kind: 'skip', reason: 'not-granted' },
  },
  {
    why: 'a message named an account that nobody enrolled',
    ask: { terms: { ...terms, enrolled: false }, keys: { kind: 'refused' } },
    plan: { kind: 'skip', reason: 'not-enrolled' },
  },
  {
    why: 'the account is being made',
    ask: { account: found({ provisioningState: 'Creating' }) },
    plan: { kind: 'skip', reason: 'not-settled', detail: 'Creating' },
  },
  {
    why: 'ARM does not say yet where the account is: a version without a region is not one of ours',
    ask: { account: found({ place: { region: '' } }) },
    plan: { kind: 'skip', reason: 'not-settled', detail: 'no region' },
  },
  {
    why: 'ARM does not say yet what kind the account is',
    ask: { account: found({ kind: '' }) },
    plan: { kind: 'skip', reason: 'not-settled', detail: 'no kind' },
  },
  {
    why: 'the secret is the record of another account',
    ask: {
      versions: [published('2026-01-20T00:00:00Z', 'key1', 'their key', { tags: { [tag.providerAddress]: OTHER_ID } })],
    },
    plan: { kind: 'skip', reason: 'secret_not_ours', detail: `it is the record of ${OTHER_ID}, not of ${ID}` },
  },
  {
    why: 'the secret carries no tags',
    ask: { versions: [untagged] },
    plan: { kind: 'skip', reason: 'secret_not_ours', detail: `it is the record of nobody, not of ${ID}` },
  },
  {
    why: 'the newest version is untagged, whatever was before it',
    ask: { versions: [old, untagged] },
    plan: { kind: 'skip', reason: 'secret_not_ours', detail: `it is the record of nobody, not of ${ID}` },
  },
  {
    why: 'one of two versions of the newest second is of another account',
    ask: { versions: [fresh, foreign('2026-01-20T00:00:00Z', { [tag.providerAddress]: OTHER_ID })] },
    plan: { kind: 'skip', reason: 'secret_not_ours', detail: `it is the record of ${OTHER_ID}, not of ${ID}` },
  },
  {
    why: 'another deployment publishes it',
    ask: { terms: { ...terms, publisher: 'staging' }, versions: notDue },
    plan: { kind: 'skip', reason: 'other_publisher', detail: 'published by prod' },
  },
  {
    why: 'a policy tag is refused',
    ask: { policy: { kind: 'bad', reason: 'keystile-grace is below the least allowed' } },
    plan: { kind: 'skip', reason: 'bad-policy', detail: 'keystile-grace is below the least allowed' },
  },
  {
    why: 'another account stays refused even when a revoke is asked for',
    ask: { versions: [untagged], request: revoke(current.key1) },
    plan: { kind: 'skip', reason: 'secret_not_ours', detail: `it is the record of nobody, not of ${ID}` },
  },

  // keyless
  {
    why: 'local auth is off and nobody allowed to go without keys',
    ask: { keys: { kind: 'local-auth-disabled' } },
    plan: { kind: 'skip', reason: 'local-auth-disabled' },
  },
  {
    why: 'local auth is off, keyless is allowed',
    ask: {
      keys: { kind: 'local-auth-disabled' },
      terms: { ...terms, keyless: true },
      account: found({ localAuthDisabled: true }),
    },
    plan: { kind: 'keyless' },
  },
  {
    why: 'keyless is allowed but there is no custom subdomain to send a token to',
    ask: {
      keys: { kind: 'local-auth-disabled' },
      terms: { ...terms, keyless: true },
      account: found({ place: { region: 'westus2' } }),
    },
    plan: { kind: 'skip', reason: 'local-auth-disabled' },
  },
  {
    why: 'the keyless record is published already',
    ask: {
      keys: { kind: 'local-auth-disabled' },
      terms: { ...terms, keyless: true },
      account: found({ localAuthDisabled: true }),
      versions: [keyless],
    },
    plan: { kind: 'skip', reason: 'keyless' },
  },

  {
    why: 'ARM will not list keys, but the account says that it has some: a live key is not taken away',
    ask: { keys: { kind: 'local-auth-disabled' }, terms: { ...terms, keyless: true }, versions: notDue },
    plan: { kind: 'skip', reason: 'local-auth-disabled' },
  },
  {
    why: 'the keyless record names another region',
    ask: {
      keys: { kind: 'local-auth-disabled' },
      terms: { ...terms, keyless: true },
      account: found({ localAuthDisabled: true, place: { region: 'westeurope', subDomain: 'speech-west' } }),
      versions: [keyless],
    },
    plan: { kind: 'keyless' },
  },
  {
    why: 'keys are back after a time without: adopted, since nobody knows who used them',
    ask: { versions: [keyless, published('2026-01-31T00:00:00Z', 'key1', 'first key')] },
    plan: { kind: 'wait', why: 'not-due', until: new Date('2026-02-02T00:01:01Z') },
  },
  {
    why: 'a policy tag is refused, and a rotation is asked for',
    ask: { policy: { kind: 'bad', reason: 'r' }, versions: notDue, request: rotate },
    plan: { kind: 'skip', reason: 'bad-policy', detail: 'r' },
  },
  {
    why: 'a policy tag is refused, and the account goes without keys',
    ask: {
      policy: { kind: 'bad', reason: 'r' },
      keys: { kind: 'local-auth-disabled' },
      terms: { ...terms, keyless: true },
      account: found({ localAuthDisabled: true }),
    },
    plan: { kind: 'skip', reason: 'bad-policy', detail: 'r' },
  },
  {
    why: 'a policy tag is refused, which stops no revoke',
    ask: { policy: { kind: 'bad', reason: 'r' }, versions: notDue, request: revoke(current.key2) },
    plan: { kind: 'revoke', slot: 'key2', publish: false },
  },
  {
    why: 'a copied fingerprint does not make a secret ours',
    ask: {
      versions: [
        published('2026-01-20T00:00:00Z', 'key1', 'first key', {
          updatedAt: '2026-01-21T00:00:00Z',
          tags: { [tag.providerAddress]: OTHER_ID },
        }),
      ],
    },
    plan: { kind: 'skip', reason: 'secret_not_ours', detail: `it is the record of ${OTHER_ID}, not of ${ID}` },
  },

  // done
  {
    why: 'the key that was to be rotated is no longer live',
    ask: { versions: due, request: { kind: 'rotate', live: fp('some older key') } },
    plan: { kind: 'done' },
  },
  {
    why: 'no key that was to be revoked is current',
    ask: { versions: due, request: revoke(fp('leaked, long gone')) },
    plan: { kind: 'done' },
  },

  // revoke
  {
    why: 'the idle key is to die',
    ask: { versions: notDue, request: revoke(current.key2) },
    plan: { kind: 'revoke', slot: 'key2', publish: false },
  },
  {
    why: 'the live key is to die: callers move to the idle one first',
    ask: { versions: notDue, request: revoke(current.key1) },
    plan: { kind: 'publish', slot: 'key2', why: 'revoke' },
  },
  {
    why: 'both are to die: the idle one first, and published',
    ask: { versions: notDue, request: revoke(current.key1, current.key2) },
    plan: { kind: 'revoke', slot: 'key2', publish: true },
  },
  {
    why: 'no pause stops a revoke',
    ask: { versions: notDue, request: revoke(current.key2), account: found({ tags: { keystile: 'hold' } }) },
    plan: { kind: 'revoke', slot: 'key2', publish: false },
  },

  {
    why: 'one key is to die and nobody knows which is in use: the other is published first',
    ask: { versions: [], request: revoke(current.key1) },
    plan: { kind: 'publish', slot: 'key2', why: 'revoke' },
  },
  {
    why: 'both are to die and nobody knows which is in use: a new one is published first',
    ask: {
      versions: [foreign('2026-01-20T00:00:00Z', { [tag.providerAddress]: ID, [tag.credentialId]: 'key2' })],
      request: revoke(current.key1, current.key2),
    },
    plan: { kind: 'revoke', slot: 'key1', publish: true },
  },
  {
    why: 'a tie hides which key is in use: the one that survives is published first',
    ask: {
      versions: [
        published('2026-01-20T00:00:00Z', 'key2', 'gone'),
        published('2026-01-20T00:00:00Z', 'key1', 'first key'),
      ],
      request: revoke(current.key1),
    },
    plan: { kind: 'publish', slot: 'key2', why: 'revoke' },
  },
  {
    why: 'nothing is published yet: a rotation is not done by that',
    ask: { versions: [], request: { kind: 'rotate', live: fp('some older key') } },
    plan: { kind: 'publish-existing', why: 'adopt', slots: ['key1', 'key2'] },
  },

  // held
  {
    why: 'the tag says hold',
    ask: { versions: due, account: found({ tags: { keystile: 'Hold' } }) },
    plan: { kind: 'skip', reason: 'held' },
  },
  {
    why: 'a new account is on hold from the start',
    ask: { account: found({ tags: { keystile: 'hold' } }) },
    plan: { kind: 'skip', reason: 'held' },
  },
  {
    why: 'somebody disabled the newest version',
    ask: {
      versions: [
        adopted,
        published('2026-01-01T00:00:00Z', 'key1', 'first key', { enabled: false, updatedAt: '2026-01-05T00:00:00Z' }),
      ],
    },
    plan: { kind: 'skip', reason: 'held' },
  },

  // publish-existing
  {
    why: 'there is no secret: adopt key1',
    ask: {},
    plan: { kind: 'publish-existing', why: 'adopt', slots: ['key1', 'key2'] },
  },
  {
    why: 'a tutorial secret names key2: adopt that',
    ask: {
      versions: [
        foreign('2026-01-20T00:00:00Z', {
          [tag.credentialId]: 'key2',
          [tag.providerAddress]: ID.toUpperCase(),
          [tag.validityPeriodDays]: '60',
        }),
      ],
    },
    plan: { kind: 'publish-existing', why: 'adopt', slots: ['key2', 'key1'] },
  },
  {
    why: 'an untagged secret is taken over by a setting',
    ask: { versions: [untagged], terms: { ...terms, takeOver: true } },
    plan: { kind: 'publish-existing', why: 'adopt', slots: ['key1', 'key2'] },
  },
  {
    why: 'copied tags do not make a version ours: its PublishedAt is a day old',
    ask: {
      versions: [
        adopted,
        published('2026-01-20T00:00:00Z', 'key1', 'first key', { tags: { [tag.publishedAt]: '2026-01-19T00:00:00Z' } }),
      ],
    },
    plan: { kind: 'publish-existing', why: 'adopt', slots: ['key1', 'key2'] },
  },
  {
    why: 'tags copied within the second they were written in: nobody knows which version is the copy',
    ask: { versions: [adopted, fresh, { ...fresh, version: 'copy' }] },
    plan: {
      kind: 'publish-existing',
      why: 'tie',
      slots: ['key1', 'key2'],
      notBefore: new Date('2026-01-20T00:00:01.000Z'),
    },
  },
  {
    why: 'tags copied a minute after they were written do not make a version ours either',
    ask: {
      versions: [
        adopted,
        fresh,
        {
          ...fresh,
          version: 'copy',
          createdAt: new Date('2026-01-20T00:01:00Z'),
          updatedAt: new Date('2026-01-20T00:01:00Z'),
        },
      ],
    },
    plan: { kind: 'publish-existing', why: 'adopt', slots: ['key1', 'key2'] },
  },
  {
    why: 'a version that was edited is not ours any more',
    ask: {
      versions: [
        adopted,
        published('2026-01-20T00:00:00Z', 'key1', 'first key', { updatedAt: '2026-01-20T00:00:01Z' }),
      ],
    },
    plan: { kind: 'publish-existing', why: 'adopt', slots: ['key1', 'key2'] },
  },
  {
    why: 'the live key was regenerated by hand',
    ask: { versions: [adopted, published('2026-01-20T00:00:00Z', 'key2', 'a key that is no more')] },
    plan: { kind: 'publish-existing', why: 'repair', slots: ['key2', 'key1'] },
  },
  {
    why: 'the account moved to another region',
    ask: { versions: notDue, account: found({ place: { region: 'westeurope', subDomain: 'speech-west' } }) },
    plan: { kind: 'publish-existing', why: 'refresh', slots: ['key1', 'key2'] },
  },
  {
    why: 'the account was given another subdomain',
    ask: { versions: notDue, account: found({ place: { region: 'westus2' } }) },
    plan: { kind: 'publish-existing', why: 'refresh', slots: ['key1', 'key2'] },
  },
  {
    why: 'the account was made anew as another kind',
    ask: { versions: notDue, account: found({ kind: 'CognitiveServices' }) },
    plan: { kind: 'publish-existing', why: 'refresh', slots: ['key1', 'key2'] },
  },
  {
    why: 'the account moved to another group, its key says so',
    ask: {
      versions: [
        adopted,
        published('2026-01-20T00:00:00Z', 'key1', 'first key', { tags: { [tag.providerAddress]: OTHER_ID } }),
      ],
    },
    plan: { kind: 'publish-existing', why: 'refresh', slots: ['key1', 'key2'] },
  },
  {
    why: 'two keys share the newest second: nobody knows which one readers get',
    ask: { versions: [fresh, published('2026-01-20T00:00:00Z', 'key2', 'old second key')] },
    plan: {
      kind: 'publish-existing',
      why: 'tie',
      slots: ['key1', 'key2'],
      notBefore: new Date('2026-01-20T00:00:01Z'),
    },
  },
  {
    why: 'two keys share the newest second, and only key2 is a current one',
    ask: {
      versions: [
        published('2026-01-20T00:00:00Z', 'key1', 'gone'),
        published('2026-01-20T00:00:00Z', 'key2', 'second key'),
      ],
    },
    plan: {
      kind: 'publish-existing',
      why: 'tie',
      slots: ['key2', 'key1'],
      notBefore: new Date('2026-01-20T00:00:01Z'),
    },
  },

  // wait, publish, rotate
  {
    why: 'the live key is younger than 30 days',
    ask: { versions: notDue },
    plan: { kind: 'wait', why: 'not-due', until: new Date('2026-02-19T00:01:01Z') },
  },
  {
    why: 'an adopted key is due as soon as grace allows',
    ask: { versions: [fresh], now: new Date('2026-01-20T00:00:10Z') },
    plan: { kind: 'wait', why: 'not-due', until: new Date('2026-01-22T00:01:01Z') },
  },
  {
    why: 'an adopted key is due when grace is over',
    ask: { versions: [fresh], now: new Date('2026-01-22T00:01:01Z') },
    plan: { kind: 'rotate', slot: 'key2' },
  },
  {
    why: 'one millisecond before it is due',
    ask: { versions: due, now: new Date('2026-01-31T00:01:00.999Z') },
    plan: { kind: 'wait', why: 'not-due', until: new Date('2026-01-31T00:01:01Z') },
  },
  {
    why: 'the millisecond in which it is due',
    ask: { versions: due, now: new Date('2026-01-31T00:01:01Z') },
    plan: { kind: 'rotate', slot: 'key2' },
  },
  {
    why: 'key2 is live and due',
    ask: { versions: [adopted, published('2025-12-01T00:00:00Z', 'key2', 'second key')] },
    plan: { kind: 'rotate', slot: 'key1' },
  },
  {
    why: 'the tag lies about the slot: the fingerprint decides',
    ask: { versions: [adopted, published('2025-12-01T00:00:00Z', 'key1', 'second key', { sibling: 'first key' })] },
    plan: { kind: 'rotate', slot: 'key1' },
  },
  {
    why: 'an earlier run regenerated the idle key and died, in a grace that is longer than the interval',
    ask: {
      versions: [adopted, published('2026-01-31T00:00:00Z', 'key1', 'first key', { sibling: 'what key2 was before' })],
      policy: { kind: 'policy', rotateEveryMs: 3_600_000, graceMs: 172_800_000 },
    },
    plan: { kind: 'publish', slot: 'key2', why: 'resume' },
  },
  {
    why: 'an earlier run regenerated the idle key and died',
    ask: {
      versions: [adopted, published('2026-01-01T00:00:00Z', 'key1', 'first key', { sibling: 'what key2 was before' })],
    },
    plan: { kind: 'publish', slot: 'key2', why: 'resume' },
  },
  {
    why: 'a rotate request does not wait for the date',
    ask: { versions: notDue, request: rotate },
    plan: { kind: 'rotate', slot: 'key2' },
  },
  {
    why: 'a rotate request waits for grace',
    ask: { versions: notDue, request: rotate, now: new Date('2026-01-21T00:00:00Z') },
    plan: { kind: 'wait', why: 'grace', until: new Date('2026-01-22T00:01:01Z') },
  },
  {
    why: 'an interval below grace waits for grace',
    ask: {
      versions: notDue,
      now: new Date('2026-01-21T00:00:00Z'),
      policy: { kind: 'policy', rotateEveryMs: 3_600_000, graceMs: 172_800_000 },
    },
    plan: { kind: 'wait', why: 'grace', until: new Date('2026-01-22T00:01:01Z') },
  },
  {
    why: 'a foreign version between two of ours starts grace anew, for both slots',
    ask: {
      versions: [adopted, old, foreign('2026-01-15T00:00:00Z'), published('2026-01-31T00:00:00Z', 'key1', 'first key')],
      request: rotate,
    },
    plan: { kind: 'wait', why: 'grace', until: new Date('2026-02-02T00:01:01Z') },
  },
  {
    why: 'a tie inside the run of the live key starts its grace anew: somebody may have got the other one',
    ask: {
      versions: [
        adopted,
        old,
        published('2026-01-15T00:00:00Z', 'key1', 'first key'),
        published('2026-01-15T00:00:00Z', 'key2', 'old second key'),
        published('2026-01-31T00:00:00Z', 'key1', 'first key'),
      ],
      request: rotate,
    },
    plan: { kind: 'wait', why: 'grace', until: new Date('2026-02-02T00:01:01Z') },
  },
  {
    why: 'somebody edited an older version: the interval is kept',
    ask: {
      versions: [
        published('2025-11-01T00:00:00Z', 'key2', 'old', { updatedAt: '2026-01-25T00:00:00Z', enabled: false }),
        fresh,
      ],
    },
    plan: { kind: 'wait', why: 'not-due', until: new Date('2026-02-19T00:01:01Z') },
  },
  {
    why: 'a version from the future by its own tag is not ours',
    ask: {
      versions: [
        adopted,
        published('2026-01-20T00:00:00Z', 'key1', 'first key', { tags: { [tag.publishedAt]: '2026-01-20T00:05:01Z' } }),
      ],
    },
    plan: { kind: 'publish-existing', why: 'adopt', slots: ['key1', 'key2'] },
  },
  {
    why: 'five minutes between the two clocks are allowed',
    ask: {
      versions: [
        adopted,
        published('2026-01-20T00:00:00Z', 'key1', 'first key', { tags: { [tag.publishedAt]: '2026-01-19T23:55:00Z' } }),
      ],
    },
    plan: { kind: 'wait', why: 'not-due', until: new Date('2026-02-19T00:01:01Z') },
  },
  {
    why: 'a version without one of our tags is not ours',
    ask: {
      versions: [adopted, published('2026-01-20T00:00:00Z', 'key1', 'first key', { tags: { [tag.publisher]: '' } })],
    },
    plan: { kind: 'publish-existing', why: 'adopt', slots: ['key1', 'key2'] },
  },
  {
    why: 'publishing the same key again does not start its age anew',
    ask: { versions: [adopted, old, published('2026-01-30T00:00:00Z', 'key1', 'first key')] },
    plan: { kind: 'rotate', slot: 'key2' },
  },
]

test.each(rows)('$plan.kind when $why', ({ ask, plan }) => {
  expect(planRotation(question(ask))).toEqual(plan)
})

test('the order of the versions does not matter', () => {
  const versions = [adopted, old, published('2026-01-30T00:00:00Z', 'key1', 'first key')]
  expect(planRotation(question({ versions: versions.toReversed() }))).toEqual(planRotation(question({ versions })))
})
