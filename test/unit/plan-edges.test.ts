// What one account needs, in the cases where two rows of the table are close.

import { tag } from '../../src/common/record.ts'
import { type Plan, planRotation, type Question, type Request } from '../../src/rotation/plan.ts'
import { account, current, foreign, fp, ID, OTHER_ID, published, question, terms } from '../support/rotation.ts'

const adopted = published('2025-11-01T00:00:00Z', 'key2', 'old second key')
const fresh = published('2026-01-20T00:00:00Z', 'key1', 'first key')
const AT = '2026-01-20T00:00:00Z'
const found = (change: Parameters<typeof account>[0]): Question['account'] => ({
  kind: 'found',
  account: account(change),
})
const revoke = (...kill: string[]): Request => ({ kind: 'revoke', kill })
const noKeys: Partial<Question> = {
  keys: { kind: 'local-auth-disabled' },
  account: found({ localAuthDisabled: true }),
  terms: { ...terms, keyless: true },
}
const keyless = (tags: Record<string, string> = {}) =>
  published(AT, 'key1', 'x', { tags: { [tag.credentialId]: 'none', [tag.fingerprint]: '', ...tags } })
const tie = (...keys: [string, string]) => [published(AT, 'key1', keys[0]), published(AT, 'key2', keys[1])]
const secondLater = new Date('2026-01-20T00:00:01Z')

test.each<[string, Partial<Question>, Plan]>([
  // Who is let in.
  [
    'keyless is allowed and local auth is off, but there is no custom subdomain to send a token to',
    { ...noKeys, account: found({ localAuthDisabled: true, place: { region: 'westus2' } }) },
    { kind: 'skip', reason: 'local-auth-disabled' },
  ],
  [
    'local auth is off, with a custom subdomain, and nobody allowed to go without keys',
    { ...noKeys, terms },
    { kind: 'skip', reason: 'local-auth-disabled' },
  ],
  [
    'local auth was switched off while a key is published',
    { ...noKeys, versions: [adopted, fresh] },
    { kind: 'keyless' },
  ],
  [
    'the record without a key is of the account before it was made anew as another kind',
    { ...noKeys, versions: [keyless({ [tag.kind]: 'AIServices' })] },
    { kind: 'keyless' },
  ],
  [
    'an account without keys has a secret that is not its own',
    { ...noKeys, versions: [keyless({ [tag.providerAddress]: OTHER_ID })] },
    { kind: 'skip', reason: 'secret_not_ours', detail: `it is the record of ${OTHER_ID}, not of ${ID}` },
  ],
  [
    'another deployment’s secret is taken over by a setting',
    { versions: [adopted, fresh], terms: { ...terms, publisher: 'staging', takeOver: true } },
    { kind: 'wait', why: 'not-due', until: new Date('2026-02-19T00:01:01Z') },
  ],
  [
    'a tutorial secret of this account says nothing of a publisher',
    { versions: [foreign(AT, { [tag.providerAddress]: ID })] },
    { kind: 'publish-existing', why: 'adopt', slots: ['key1', 'key2'] },
  ],
  [
    'a record names something that is no account, and holds a current key',
    { versions: [adopted, published(AT, 'key1', 'first key', { tags: { [tag.providerAddress]: 'x' } })] },
    { kind: 'publish-existing', why: 'refresh', slots: ['key1', 'key2'] },
  ],
  [
    'a record of another account holds a key that is not current',
    { versions: [adopted, published(AT, 'key1', 'gone', { tags: { [tag.providerAddress]: OTHER_ID } })] },
    { kind: 'skip', reason: 'secret_not_ours', detail: `it is the record of ${OTHER_ID}, not of ${ID}` },
  ],
  [
    'the account was not made to the end',
    { account: found({ provisioningState: '' }) },
    { kind: 'skip', reason: 'not-settled', detail: '' },
  ],

  // Revokes.
  [
    'key2 is live and is to die: callers move to key1 first',
    { versions: [adopted, published(AT, 'key2', 'second key')], request: revoke(current.key2) },
    { kind: 'publish', slot: 'key1', why: 'revoke' },
  ],
  [
    'key2 is live and the idle key1 is to die',
    { versions: [adopted, published(AT, 'key2', 'second key')], request: revoke(current.key1) },
    { kind: 'revoke', slot: 'key1', publish: false },
  ],
  [
    'nobody knows which is in use and key2 is to die: key1 is published first',
    { request: revoke(current.key2) },
    { kind: 'publish', slot: 'key1', why: 'revoke' },
  ],
  [
    'nobody knows which is in use and both are to die: key1 is believed in',
    { request: revoke(current.key1, current.key2) },
    { kind: 'revoke', slot: 'key2', publish: true },
  ],
  [
    'one of many named keys is current',
    { versions: [adopted, fresh], request: revoke(fp('gone'), current.key2, fp('gone, too')) },
    { kind: 'revoke', slot: 'key2', publish: false },
  ],
  [
    'key2 is live and both are to die: key1 first, and published',
    { versions: [adopted, published(AT, 'key2', 'second key')], request: revoke(current.key1, current.key2) },
    { kind: 'revoke', slot: 'key1', publish: true },
  ],
  ['a revoke names nothing', { versions: [adopted, fresh], request: revoke() }, { kind: 'done' }],
  [
    'somebody disabled the newest version, and a key of it leaked',
    {
      versions: [adopted, published(AT, 'key1', 'first key', { enabled: false })],
      request: revoke(current.key1),
    },
    { kind: 'publish', slot: 'key2', why: 'revoke' },
  ],

  // Requests to rotate.
  [
    'a rotation is asked for of an account on hold',
    {
      versions: [adopted, fresh],
      account: found({ tags: { keystile: 'hold' } }),
      request: { kind: 'rotate', live: current.key1 },
    },
    { kind: 'skip', reason: 'held' },
  ],
  [
    'a rotation is asked for while a run’s regenerated key waits to be published',
    {
      versions: [adopted, published(AT, 'key1', 'first key', { sibling: 'what key2 was before' })],
      request: { kind: 'rotate', live: current.key1 },
    },
    { kind: 'publish', slot: 'key2', why: 'resume' },
  ],
  [
    'a rotation is asked for in the millisecond in which grace ends',
    {
      versions: [adopted, fresh],
      request: { kind: 'rotate', live: current.key1 },
      now: new Date('2026-01-22T00:01:01Z'),
    },
    { kind: 'rotate', slot: 'key2' },
  ],
  [
    'a rotation is asked for a millisecond earlier',
    {
      versions: [adopted, fresh],
      request: { kind: 'rotate', live: current.key1 },
      now: new Date('2026-01-22T00:01:00.999Z'),
    },
    { kind: 'wait', why: 'grace', until: new Date('2026-01-22T00:01:01Z') },
  ],
  [
    'the record says nothing of the other slot, and is due',
    { versions: [adopted, published('2026-01-01T00:00:00Z', 'key1', 'first key', { tags: { [tag.sibling]: '' } })] },
    { kind: 'rotate', slot: 'key2' },
  ],

  // What is published of what exists.
  [
    'an account that a setting names carries no tag',
    { account: found({ tags: {} }) },
    { kind: 'publish-existing', why: 'adopt', slots: ['key1', 'key2'] },
  ],
  [
    'a version of nobody’s that says whose it is shares the newest second with one of key2',
    { versions: [foreign(AT, { [tag.providerAddress]: ID }), published(AT, 'key2', 'second key')] },
    { kind: 'publish-existing', why: 'tie', slots: ['key2', 'key1'], notBefore: secondLater },
  ],
  [
    'two keys share the newest second, and neither is current',
    { versions: tie('gone', 'gone, too') },
    { kind: 'publish-existing', why: 'tie', slots: ['key1', 'key2'], notBefore: secondLater },
  ],
  [
    'two keys share the newest second, neither is current, and the first one’s tag says key2',
    { versions: tie('gone', 'gone, too').toReversed() },
    { kind: 'publish-existing', why: 'tie', slots: ['key2', 'key1'], notBefore: secondLater },
  ],
  [
    'two keys share the newest second, and only key1 is current, whatever the tags say',
    { versions: [published(AT, 'key2', 'gone'), published(AT, 'key2', 'first key')] },
    { kind: 'publish-existing', why: 'tie', slots: ['key1', 'key2'], notBefore: secondLater },
  ],
  [
    'key2 was found first and is still current, and the account moved',
    {
      versions: [published(AT, 'key2', 'second key')],
      account: found({ place: { region: 'westeurope', subDomain: 'speech-west' } }),
    },
    { kind: 'publish-existing', why: 'refresh', slots: ['key2', 'key1'] },
  ],
  [
    'a record without a key is published, and the account takes keys again',
    { versions: [keyless()] },
    { kind: 'publish-existing', why: 'adopt', slots: ['key1', 'key2'] },
  ],
])('%s', (_why, ask, plan) => {
  expect(planRotation(question(ask))).toStrictEqual(plan)
})
