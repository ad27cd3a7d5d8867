// A fleet in memory behind the ports of src/rotation: accounts, one vault, a token service, leases.

import type { Lane } from '../src/azure/pacing.ts'
import { otherSlot, parseAccountId, type Slot } from '../src/common/account.ts'
import type { Clock } from '../src/common/clock.ts'
import { tag } from '../src/common/record.ts'
import { fingerprintOf, Secret } from '../src/common/secret.ts'
import type {
  Account,
  AiAccounts,
  KeyJudge,
  KeyPair,
  Lease,
  RecordStore,
  SecretVersion,
} from '../src/rotation/ports.ts'
import type { Send } from './sdk.ts'

export const SUBSCRIPTION = '11111111-1111-4111-8111-111111111111'
const DAY = 86_400_000

interface Entry {
  readonly account: Account
  keys: KeyPair
  readonly versions: SecretVersion[]
}

export interface World {
  /** By ARM id. */
  readonly entries: ReadonlyMap<string, Entry>
  readonly byName: ReadonlyMap<string, Entry>
}

/** @param ageMs of each account's published key: whether its rotation is due. */
export function createWorld(size: number, now: Date, ageMs: number): World {
  const all = Array.from({ length: size }, (_, at) => createEntry(at, now, ageMs))
  return {
    entries: new Map(all.map((entry) => [entry.account.id, entry])),
    byName: new Map(all.map((entry) => [entry.account.name, entry])),
  }
}

function createEntry(at: number, now: Date, ageMs: number): Entry {
  const name = `account-${String(at).padStart(5, '0')}`
  const id = parseAccountId(
    `/subscriptions/${SUBSCRIPTION}/resourceGroups/ai/providers/Microsoft.CognitiveServices/accounts/${name}`,
  )
  if (!id) throw new Error('not an account')
  const account: Account = {
    ...id,
    kind: 'SpeechServices',
    place: { region: 'westus2', subDomain: name },
    provisioningState: 'Succeeded',
    localAuthDisabled: false,
    tags: { keystile: 'rotate' },
  }
  const keys = { key1: Secret.of(`${name} key1 0`), key2: Secret.of(`${name} key2 0`) }
  const version = (slot: Slot, fingerprint: string, createdAt: Date): SecretVersion => ({
    version: createdAt.toISOString(),
    createdAt,
    updatedAt: createdAt,
    enabled: true,
    tags: {
      [tag.credentialId]: slot,
      [tag.providerAddress]: account.id,
      [tag.fingerprint]: fingerprint,
      [tag.sibling]: fingerprintOf(keys.key2),
      [tag.region]: 'westus2',
      [tag.subDomain]: name,
      [tag.kind]: account.kind,
      [tag.publishedAt]: createdAt.toISOString(),
      [tag.publisher]: 'prod',
    },
  })
  const second = (ago: number) => new Date(Math.floor((now.getTime() - ago) / 1_000) * 1_000)
  const before = version('key2', fingerprintOf(Secret.of(`${name} before`)), second(ageMs + 31 * DAY))
  return { account, keys, versions: [before, version('key1', fingerprintOf(keys.key1), second(ageMs))] }
}

/** Newest published fingerprint, as a reader of the secret gets it. */
export const publishedOf = ({ versions }: Entry): string | undefined => versions.at(-1)?.tags[tag.fingerprint]

export interface PortsOptions {
  readonly send: Send
  readonly clock: Clock
  /** Of the SDK, for what changes something; reads are always tried again three times. */
  readonly writeRetries: number
  readonly arm?: Lane
  readonly vault?: Lane
}

/** Waits and retries as src/azure does, call by call. */
export function createPorts(world: World, { send, clock, writeRetries, arm, vault }: PortsOptions) {
  const entry = (id: string): Entry => {
    const found = world.entries.get(id)
    if (!found) throw new Error(`no account ${id}`)
    return found
  }
  const accounts: AiAccounts = {
    async *list() {},
    async get({ id }) {
      await arm?.ready('reads')
      return send({ kind: 'arm-read', method: 'GET', retries: 3, lane: arm }, () => ({
        kind: 'found',
        account: entry(id).account,
      }))
    },
    async listKeys({ id }) {
      await arm?.ready('writes')
      return send({ kind: 'arm-write', method: 'POST', retries: 3, lane: arm }, () => ({
        kind: 'keys',
        keys: entry(id).keys,
      }))
    },
    regenerate: ({ id, name }, slot) =>
      send({ kind: 'arm-write', method: 'POST', retries: writeRetries, lane: arm }, () => {
        const known = entry(id)
        const fresh = Secret.of(`${name} ${slot} ${clock.elapsed()}`)
        const sibling = known.keys[otherSlot(slot)]
        known.keys = slot === 'key1' ? { key1: fresh, key2: sibling } : { key1: sibling, key2: fresh }
        return known.keys
      }),
  }
  const store: RecordStore = {
    async read(name) {
      await vault?.ready('reads')
      return send({ kind: 'vault-read', method: 'GET', retries: 3, lane: vault }, () => ({
        kind: 'versions',
        versions: [...(world.byName.get(name)?.versions ?? [])],
      }))
    },
    publish: (name, { tags }) =>
      send({ kind: 'vault-create', method: 'PUT', retries: writeRetries, lane: vault }, () => {
        const at = new Date(Math.floor(clock.now().getTime() / 1_000) * 1_000)
        const version = { version: `${clock.elapsed()}`, createdAt: at, updatedAt: at, enabled: true, tags }
        world.byName.get(name)?.versions.push(version)
        return null
      }).then(() => undefined),
    recover: () => Promise.reject(new Error('nothing was deleted')),
  }
  const judge: KeyJudge = {
    judge: (place, key) =>
      send({ kind: 'sts', method: 'POST', retries: 0 }, () => {
        const keys = world.byName.get(place.subDomain ?? '')?.keys
        const known = keys && [keys.key1, keys.key2].some((current) => current.reveal() === key.reveal())
        return { kind: known ? 'accepted' : 'refused' }
      }),
  }
  return { accounts, store, judge, lease: createLease(send, clock) }
}

/** Two calls to the host's storage to get one, two to give it back. Renewals are not on anybody's way. */
function createLease(send: Send, clock: Clock): Lease {
  const call = () => send({ kind: 'lease', method: 'PUT', retries: 0 }, () => null)
  return {
    async acquire() {
      await call()
      await call()
      const lease = {
        until: () => clock.elapsed() + 60_000,
        async release() {
          await call()
          await call()
        },
        abandon: () => undefined,
      }
      return { kind: 'held', clean: true, lease }
    },
  }
}
