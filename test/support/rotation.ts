// Literal material for tests of the domain of keys: one account, its keys, versions of its secret.

import { parseAccountId, type Slot } from '../../src/common/account.ts'
import { tag } from '../../src/common/record.ts'
import { fingerprintOf, Secret } from '../../src/common/secret.ts'
import type { CurrentKeys, Question, Terms } from '../../src/rotation/plan.ts'
import type { Account, KeyPair, SecretVersion } from '../../src/rotation/ports.ts'

export const ID =
  '/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/ai/providers/Microsoft.CognitiveServices/accounts/speech-west'
export const OTHER_ID = ID.replace('speech-west', 'speech-east')

export const accountId = (id = ID) => {
  const parsed = parseAccountId(id)
  if (!parsed) throw new Error('the test names no account')
  return parsed
}

export const account = (change: Partial<Account> = {}): Account => ({
  ...accountId(),
  kind: 'SpeechServices',
  place: { region: 'westus2', subDomain: 'speech-west' },
  provisioningState: 'Succeeded',
  localAuthDisabled: false,
  tags: { keystile: 'rotate' },
  ...change,
})

export const keys = (key1 = 'first key', key2 = 'second key'): KeyPair => ({
  key1: Secret.of(key1),
  key2: Secret.of(key2),
})

export const fp = (text: string): string => fingerprintOf(Secret.of(text))

export const current: CurrentKeys = { key1: fp('first key'), key2: fp('second key') }

export const terms: Terms = { enrolled: true, publisher: 'prod', takeOver: false, keyless: false, skewMs: 60_000 }

/** A version as Keystile writes it for the account above: `key` is the published key, `sibling` the other one. */
export function published(
  at: string,
  slot: Slot,
  key: string,
  change: { sibling?: string; tags?: Record<string, string>; updatedAt?: string; enabled?: boolean } = {},
): SecretVersion {
  return {
    version: at,
    createdAt: new Date(at),
    updatedAt: new Date(change.updatedAt ?? at),
    enabled: change.enabled ?? true,
    tags: {
      [tag.credentialId]: slot,
      [tag.providerAddress]: ID,
      [tag.fingerprint]: fp(key),
      [tag.sibling]: fp(change.sibling ?? (slot === 'key1' ? 'second key' : 'first key')),
      [tag.region]: 'westus2',
      [tag.subDomain]: 'speech-west',
      [tag.kind]: 'SpeechServices',
      [tag.publishedAt]: at,
      [tag.publisher]: 'prod',
      ...change.tags,
    },
  }
}

/** A version that somebody wrote by hand. */
export const foreign = (at: string, tags: Record<string, string> = {}): SecretVersion => ({
  version: at,
  createdAt: new Date(at),
  updatedAt: new Date(at),
  enabled: true,
  tags,
})

const DAY = 86_400_000

/** Due after 30 days, grace of 2, asked on 1 February 2026 at noon. */
export const question = (change: Partial<Question> = {}): Question => ({
  account: { kind: 'found', account: account() },
  versions: [],
  keys: { kind: 'keys', fingerprints: current },
  policy: { kind: 'policy', rotateEveryMs: 30 * DAY, graceMs: 2 * DAY },
  terms,
  request: { kind: 'check' },
  now: new Date('2026-02-01T12:00:00Z'),
  ...change,
})
