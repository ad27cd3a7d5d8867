// A fleet in memory behind the ports of src/rotation: for tests of discovery, names, rounds and the status page.

import { AppError } from '../../src/common/errors.ts'
import type { FleetSettings } from '../../src/rotation/fleet.ts'
import type {
  Account,
  AccountAnswer,
  AiAccounts,
  RecordIndex,
  RecordStore,
  SecretState,
} from '../../src/rotation/ports.ts'
import { account, accountId, ID } from './rotation.ts'

export const SUBSCRIPTION = '11111111-1111-4111-8111-111111111111'
export const OTHER = '22222222-2222-4222-8222-222222222222'

export const fleetSettings = (change: Partial<FleetSettings> = {}): FleetSettings => ({
  subscriptions: [SUBSCRIPTION],
  accounts: [],
  secretNames: new Map(),
  takeOver: new Map(),
  keylessAccounts: new Set(),
  publisher: 'prod',
  skewMs: 0,
  ...change,
})

export const idOf = (name: string, subscription = SUBSCRIPTION): string =>
  ID.replace('speech-west', name).replace(SUBSCRIPTION, subscription)

export const named = (
  name: string,
  tags: Record<string, string> = { keystile: 'rotate' },
  of = SUBSCRIPTION,
): Account => account({ ...accountId(idOf(name, of)), tags })

const refuse = () => Promise.reject(new Error('a fleet is looked at, not touched'))

/** ARM with these subscriptions. An account is read by its id from them, unless `byId` says otherwise. */
export function armWith(
  fleet: Readonly<Record<string, readonly Account[] | AppError>>,
  byId: Readonly<Record<string, AccountAnswer | AppError>> = {},
): AiAccounts {
  return {
    async *list(subscription) {
      const answer = fleet[subscription] ?? []
      if (answer instanceof AppError) throw answer
      yield* answer
    },
    async get({ id }) {
      const answer = byId[id]
      if (answer instanceof AppError) throw answer
      const known = Object.values(fleet).flatMap((list) => (list instanceof AppError ? [] : list))
      const found = known.find((each) => each.id.toLowerCase() === id.toLowerCase())
      return answer ?? (found ? { kind: 'found', account: found } : { kind: 'gone' })
    },
    listKeys: refuse,
    regenerate: refuse,
  }
}

/** A vault with these secrets; reading one that is an error throws it. */
export function vaultWith(secrets: Readonly<Record<string, SecretState | AppError>> = {}): RecordStore & RecordIndex {
  return {
    async read(name) {
      const secret = secrets[name] ?? { kind: 'versions', versions: [] }
      if (secret instanceof AppError) throw secret
      return secret
    },
    async *list() {
      for (const [name, secret] of Object.entries(secrets)) {
        if (secret instanceof AppError || secret.kind === 'deleted') continue
        const newest = secret.versions.toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime()).at(-1)
        if (newest) yield { name, enabled: newest.enabled, tags: newest.tags }
      }
    },
    publish: refuse,
    recover: refuse,
  }
}

export const versions = (...list: Extract<SecretState, { kind: 'versions' }>['versions']): SecretState => ({
  kind: 'versions',
  versions: list,
})

export const denied = new AppError('upstream_refused', 'list the accounts: HTTP 403', 403)
export const throttled = new AppError('upstream_throttled', 'list the accounts: HTTP 429', 429)
