// The whole thing with nothing on a schedule, and a note of every key, every call, every answer: for a search at the end.

import { BlobServiceClient } from '@azure/storage-blob'
import { QueueServiceClient } from '@azure/storage-queue'
import { fingerprint } from '../../local/azure/keys.ts'
import type { Seed } from '../../local/azure/seed.ts'
import type { Call } from '../../local/azure/wire.ts'
import { accountId } from '../../local/azure/world.ts'
import { messageQueue } from '../../src/azure/message-queue.ts'
import { demoSeed } from './azure.ts'
import { secondsPolicy, startTestStack, type TestStack } from './stack.ts'
import type { Marked, Seen } from './tripwire.ts'

/** Only who asks for a check gets one. */
const policy = {
  ...secondsPolicy,
  KEYSTILE_SCHEDULE: '0 0 0 1 1 *',
  KEYSTILE_PROOF_WINDOW: 'PT1S',
  KEYSTILE_SETTLE: 'PT0S',
  KEYSTILE_WRITE_DEADLINE: 'PT1S',
  KEYSTILE_QUARANTINE: 'PT2S',
}
const KEYLESS = 'trip-keyless'
const VAULT_ZONE = '.vault.azure.net'

export interface Tripwire {
  readonly stack: TestStack
  /** Each key that any account ever had, told by its account and fingerprint, and all that was issued to callers. */
  marked(): Marked[]
  /** Calls of the apps in which a key went to a place that is neither the vault nor the account's own token service. */
  strayKeys(): string[]
  /** Notes a token or bearer, so that it is looked for. */
  mark(name: string, secret: string): void
  /** As the apps put their own messages there. */
  send(queue: string, message: object): Promise<void>
  /** What lies in queues and blobs, and all metadata of the vault. */
  stored(): Promise<Seen[]>
  idOf(name: string): string
}

/** @param names of accounts, each with a subdomain of its own, so that each may have a fault of its own. */
export async function startTripwire(names: readonly string[]): Promise<Tripwire> {
  const owners = new Map<string, string>()
  const extra: Marked[] = []
  const sent: { host: string; text: string }[] = []
  let world: TestStack['azure']['world'] | undefined
  const collect = () => {
    for (const { name, keys } of world?.accounts.values() ?? [])
      for (const { value } of Object.values(keys)) owners.set(value, name)
  }
  // Keys change with calls alone: whoever looks before each one has seen them all.
  const onCall = ({ host, path, query, headers, body }: Call) => {
    collect()
    sent.push({ host, text: `${path} ${query} ${JSON.stringify(headers)} ${body}` })
  }
  const seed = tripwireSeed(names)
  const keyless = { KEYSTILE_KEYLESS_ACCOUNTS: accountId(seed.subscriptions[0]?.id ?? '', 'ai', KEYLESS) }
  const rotator = { ...policy, ...keyless }
  const stack = await startTestStack({ seed, azure: { onCall }, rotator, vendor: keyless })
  world = stack.azure.world
  const queues = QueueServiceClient.fromConnectionString(stack.storage.connectionString)
  const blobs = BlobServiceClient.fromConnectionString(stack.storage.connectionString)
  return {
    stack,
    marked: () => {
      collect()
      const keys = [...owners].map(([secret, name]) => ({
        name: `key ${fingerprint(secret).slice(0, 8)} of ${name}`,
        secret,
      }))
      const clients = stack.azure.world.seed.callers.map(({ name }) => ({
        name: `the secret of ${name}`,
        secret: stack.azure.clientSecret(name),
      }))
      return [...keys, ...clients, ...extra]
    },
    strayKeys: () =>
      sent.flatMap(({ host, text }) =>
        [...owners]
          .filter(([key, owner]) => text.includes(key) && !host.endsWith(VAULT_ZONE) && host !== homeOf(owner))
          .map(([, owner]) => `a key of ${owner} went to ${host}`),
      ),
    mark: (name, secret) => void extra.push({ name, secret }),
    idOf: (name) => accountId(seed.subscriptions[0]?.id ?? '', 'ai', name),
    send: (name, message) => {
      const storage = { kind: 'string', connectionString: stack.storage.connectionString } as const
      return messageQueue({ storage, name }, { getToken: async () => null }).send(message)
    },
    async stored() {
      const seen: Seen[] = []
      for await (const { name } of queues.listQueues()) {
        const { peekedMessageItems } = await queues.getQueueClient(name).peekMessages({ numberOfMessages: 32 })
        for (const { messageText } of peekedMessageItems)
          seen.push({ where: name, text: `${messageText} ${Buffer.from(messageText, 'base64')}` })
      }
      for await (const { name } of blobs.listContainers()) {
        const container = blobs.getContainerClient(name)
        for await (const blob of container.listBlobsFlat({ includeMetadata: true })) {
          const content = await container.getBlobClient(blob.name).downloadToBuffer()
          seen.push({ where: `${name}/${blob.name}`, text: `${content} ${JSON.stringify(blob)}` })
        }
      }
      for (const { secrets } of stack.azure.world.vaults.values())
        for (const secret of secrets.values())
          for (const { value: _value, ...version } of secret.versions)
            seen.push({ where: `tags of ${secret.name}`, text: JSON.stringify(version) })
      return seen
    },
  }
}

const homeOf = (name: string): string => `${name}.cognitiveservices.azure.com`

function tripwireSeed(names: readonly string[]): Seed {
  const seed = demoSeed()
  const [home] = seed.subscriptions
  if (!home) throw new Error('the seed has no subscription')
  const scope = `/subscriptions/${home.id}`
  const parts = (app: string, each: readonly string[]) => each.map((part) => ({ scope, role: `${app}.${part}` }))
  const grants: Record<string, { scope: string; role: string }[]> = {
    rotator: parts('rotator', ['subscriptions', 'accounts', 'vault']),
    vendor: parts('vendor', ['vault', 'keylessAccounts']),
  }
  return {
    ...seed,
    subscriptions: [home],
    accounts: [...names, KEYLESS].map((name) => ({
      subscription: home.id,
      resourceGroup: 'ai',
      name,
      kind: 'SpeechServices',
      sku: 'S0',
      location: 'westus2',
      customSubDomain: name,
      tags: { keystile: 'rotate' },
      provisioningState: 'Succeeded',
      keyLength: 84,
      ...(name === KEYLESS ? { disableLocalAuth: true } : {}),
    })),
    identities: seed.identities.map((each) => ({ ...each, grants: grants[each.name] ?? each.grants })),
  }
}
