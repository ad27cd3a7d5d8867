// What a secret's metadata tells of trouble, and why an account is not given its secret: the cases at the edges.

import { tag } from '../../src/common/record.ts'
import { termsOf } from '../../src/rotation/fleet.ts'
import { readHistory } from '../../src/rotation/history.ts'
import type { Account, SecretState } from '../../src/rotation/ports.ts'
import { driftOf, refusalOf } from '../../src/rotation/status-drift.ts'
import { fleetSettings, idOf, named, versions } from '../support/fleet.ts'
import { account, foreign, ID, OTHER_ID, published } from '../support/rotation.ts'

const AT = '2026-01-01T00:00:00Z'

describe('drift', () => {
  const driftIn = (secret: SecretState, of = account()) =>
    driftOf(of, secret, readHistory(secret.kind === 'versions' ? secret.versions : [], 0))
  const tutorial = foreign('2026-01-05T00:00:00Z', { CredentialId: 'key1', ProviderAddress: ID })

  test.each<[string, SecretState, string[]]>([
    ['nothing published', versions(), []],
    ['a record that is as it should be', versions(published(AT, 'key1', 'k')), []],
    [
      'an older version that was edited, under a newest that is not ours',
      versions(published(AT, 'key1', 'k', { updatedAt: '2026-01-02T00:00:00Z' }), tutorial),
      ['not-ours'],
    ],
    [
      'an older version that was edited, under a newest with copied tags',
      versions(
        published(AT, 'key1', 'k', { updatedAt: '2026-01-02T00:00:00Z' }),
        published('2026-01-05T00:00:00Z', 'key1', 'k', { tags: { [tag.publishedAt]: '2025-12-01T00:00:00Z' } }),
      ),
      ['not-ours'],
    ],
    [
      'two versions of one second, one of nobody’s and one with our tags that was edited',
      versions(
        foreign(AT),
        published(AT, 'key1', 'k', {
          updatedAt: '2026-01-02T00:00:00Z',
          tags: { [tag.publishedAt]: '2025-12-01T00:00:00Z' },
        }),
      ),
      ['edited'],
    ],
    [
      'an edited version without a date of ours',
      versions({
        ...foreign(AT, { ProviderAddress: ID, Publisher: 'prod' }),
        updatedAt: new Date('2026-01-02T00:00:00Z'),
      }),
      ['not-ours'],
    ],
    [
      'an edited version without a publisher',
      versions({
        ...foreign(AT, { ProviderAddress: ID, PublishedAt: AT }),
        updatedAt: new Date('2026-01-02T00:00:00Z'),
      }),
      ['not-ours'],
    ],
  ])('of %s', (_what, secret, drift) => {
    expect(driftIn(secret)).toEqual(drift)
  })

  test('of an account that differs in everything', () => {
    const of = account({ id: OTHER_ID, kind: 'AIServices', place: { region: 'eastus' }, localAuthDisabled: true })
    expect(driftIn(versions(published(AT, 'key1', 'k')), of)).toEqual([
      'local-auth',
      'id',
      'kind',
      'region',
      'subdomain',
    ])
  })

  test('of a record that names no account any more', () => {
    expect(driftIn(versions(published(AT, 'key1', 'k', { tags: { [tag.providerAddress]: 'x' } })))).toEqual(['id'])
  })
})

describe('why an account is not given its secret', () => {
  const refusal = (secret: SecretState, owner?: Account, settings = fleetSettings()) => {
    const history = readHistory(secret.kind === 'versions' ? secret.versions : [], 0)
    const of = account()
    return refusalOf(of, termsOf(settings, of, of.tags), secret, history, owner === undefined ? of : owner)
  }
  const taken = fleetSettings({ takeOver: new Map([[ID.toLowerCase(), 'speech-west']]) })

  test.each<[string, ReturnType<typeof refusal>, object | undefined]>([
    ['its own', refusal(versions(published(AT, 'key1', 'k'))), undefined],
    [
      'its own, in another case of its id',
      refusal(versions(published(AT, 'key1', 'k', { tags: { [tag.providerAddress]: ID.toUpperCase() } }))),
      undefined,
    ],
    ['none yet', refusal(versions()), undefined],
    [
      'none yet, and another comes first',
      refusal(versions(), named('alpha')),
      { reason: 'name_taken', owner: idOf('alpha') },
    ],
    [
      'a deleted one of another deployment, by tags that say nothing of it',
      refusal({ kind: 'deleted', tags: { [tag.providerAddress]: ID } }),
      undefined,
    ],
    ['a foreign one that a setting gives it', refusal(versions(foreign(AT)), undefined, taken), undefined],
    [
      'one of another deployment that a setting gives it',
      refusal(versions(published(AT, 'key1', 'k', { tags: { [tag.publisher]: 'stage' } })), undefined, taken),
      undefined,
    ],
    [
      'one with two newest versions, one of them another deployment’s',
      refusal(
        versions(
          foreign(AT, { [tag.providerAddress]: ID }),
          published(AT, 'key1', 'k', { tags: { [tag.publisher]: 'stage' } }),
        ),
      ),
      { reason: 'other_publisher', owner: 'stage' },
    ],
  ])('%s', (_what, refused, expected) => {
    expect(refused).toEqual(expected)
  })
})
