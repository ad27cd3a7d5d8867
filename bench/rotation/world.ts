// A fleet in memory, and what Azure answers about it: accounts, one vault, the token service.

import { parseAccountId, type Slot } from '../../src/common/account.ts'
import { tag } from '../../src/common/record.ts'
import { fingerprintOf, Secret } from '../../src/common/secret.ts'
import type { CallKind } from './wire.ts'

const DAY = 86_400_000
const REGION = 'westus2'
const KIND = 'SpeechServices'
/** Its form is Azure's; its claims are not read beyond `exp`, which is in the year 2100. */
const TOKEN = `e30.${Buffer.from('{"exp":4102444800}').toString('base64url')}.x`

interface Version {
  /** Seconds since 1970. */
  readonly created: number
  readonly tags: Readonly<Record<string, string>>
}

/** Little is kept of each, so that the memory that is measured is not this. */
interface Entry {
  /** ARM id. */
  readonly id: string
  readonly name: string
  readonly keys: Record<Slot, string>
  /** What was there before the run is made when it is asked for. */
  readonly published: Version[]
}

/** One call: how it counts, in which place, and what it does and answers once it arrives. */
export interface Call {
  readonly kind: CallKind
  readonly place: string
  readonly work: () => string
}

export interface World {
  readonly entries: readonly Entry[]
  /** @throws Error for what the app has no reason to ask. */
  answer(method: string, host: string, path: string, body: unknown): Call
  /** A token, or nothing for a key that is not current. */
  exchange(key: string): string
}

export interface WorldOptions {
  readonly accounts: number
  /** Over which the accounts are spread evenly. */
  readonly subscriptions: number
  /** Of each account's published key, in milliseconds: whether its rotation is due. */
  readonly ageMs: number
  readonly now: () => Date
}

/** Whether the run has published a key that is current. */
export const isRotated = ({ keys, published }: Entry): boolean => {
  const fingerprint = published.at(-1)?.tags[tag.fingerprint]
  return [keys.key1, keys.key2].some((key) => fingerprintOf(Secret.of(key)) === fingerprint)
}

export function createWorld({ accounts, subscriptions, ageMs, now }: WorldOptions): World {
  const publishedAt = now().getTime() - ageMs
  const entries = Array.from({ length: accounts }, (_, at) => createEntry(at, at % subscriptions))
  const byName = new Map(entries.map((entry) => [entry.name, entry]))
  const current = new Set(entries.flatMap(({ keys }) => [keys.key1, keys.key2]))
  let made = 0

  const regenerate = (entry: Entry, slot: Slot): string => {
    made += 1
    current.delete(entry.keys[slot])
    entry.keys[slot] = keyOf(entry.name, slot, made)
    current.add(entry.keys[slot])
    return JSON.stringify(entry.keys)
  }
  const publish = (entry: Entry, body: string): string => {
    const { tags } = JSON.parse(body) as Version
    const version = { created: Math.floor(now().getTime() / 1_000), tags }
    entry.published.push(version)
    return JSON.stringify(asBundle(entry.name, version, entry.published.length))
  }
  const versionsOf = (entry: Entry): string => {
    const { name, published } = entry
    const versions = [...versionsBefore(entry, publishedAt), ...published]
    return JSON.stringify({ value: versions.map((version, at) => asBundle(name, version, at)) })
  }

  return {
    entries,
    exchange: (key) => (current.has(key) ? TOKEN : ''),
    answer(method, host, path, body) {
      const account = parseAccountId(path.replace(/\/(listKeys|regenerateKey)$/, ''))
      const secret = /^\/secrets\/([^/]+)(\/versions)?$/.exec(path)
      const entry = byName.get(account?.name ?? secret?.[1] ?? '')
      if (!entry) throw new Error(`nobody knows ${method} ${host}${path}`)
      const call = (kind: CallKind, work: () => string) => ({ kind, place: account?.subscription ?? host, work })
      if (secret)
        return method === 'PUT'
          ? call('vault-create', () => publish(entry, String(body)))
          : call('vault-read', () => versionsOf(entry))
      if (method === 'GET') return call('arm-read', () => JSON.stringify(asAccount(entry)))
      return path.endsWith('/listKeys')
        ? call('arm-write', () => JSON.stringify(entry.keys))
        : call('arm-write', () => regenerate(entry, String(body).includes('Key1') ? 'key1' : 'key2'))
    },
  }
}

/** As long as Azure's older keys are. */
const keyOf = (name: string, slot: Slot, made: number) => `${name} ${slot} ${made}`.padEnd(32, '-')

function createEntry(at: number, subscription: number): Entry {
  const name = `account-${String(at).padStart(5, '0')}`
  const subscriptionId = `11111111-1111-4111-8111-${String(subscription).padStart(12, '0')}`
  const id = `/subscriptions/${subscriptionId}/resourceGroups/ai/providers/Microsoft.CognitiveServices/accounts/${name}`
  return { id, name, keys: { key1: keyOf(name, 'key1', 0), key2: keyOf(name, 'key2', 0) }, published: [] }
}

/** The key that is live when the run begins, and the one before it, which is current no more. */
function versionsBefore({ id, name }: Entry, publishedAt: number): Version[] {
  const version = (slot: Slot, made: number, madeAt: number): Version => ({
    created: Math.floor(madeAt / 1_000),
    tags: {
      [tag.credentialId]: slot,
      [tag.providerAddress]: id,
      [tag.fingerprint]: fingerprintOf(Secret.of(keyOf(name, slot, made))),
      [tag.sibling]: fingerprintOf(Secret.of(keyOf(name, 'key2', 0))),
      [tag.region]: REGION,
      [tag.subDomain]: name,
      [tag.kind]: KIND,
      [tag.publishedAt]: new Date(madeAt).toISOString(),
      [tag.publisher]: 'prod',
    },
  })
  return [version('key2', -1, publishedAt - 31 * DAY), version('key1', 0, publishedAt)]
}

const asAccount = ({ id, name }: Entry) => ({
  id,
  name,
  kind: KIND,
  location: REGION,
  tags: { keystile: 'rotate' },
  properties: { provisioningState: 'Succeeded', customSubDomainName: name },
})

const asBundle = (name: string, { created, tags }: Version, at: number) => ({
  id: `https://bench.vault.azure.net/secrets/${name}/${String(at).padStart(32, '0')}`,
  attributes: { enabled: true, created, updated: created },
  tags,
})
