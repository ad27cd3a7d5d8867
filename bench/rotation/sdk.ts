// The real SDKs and adapters on a wire of our own: a policy answers each try where the network would.

import { CognitiveServicesManagementClient } from '@azure/arm-cognitiveservices'
import type { TokenCredential } from '@azure/identity'
import { SecretClient } from '@azure/keyvault-secrets'
import { aiAccounts } from '../../src/azure/ai-accounts.ts'
import { sanitize } from '../../src/azure/errors.ts'
import { type AzurePacing, type Lane, pacedBy } from '../../src/azure/pacing.ts'
import { recordStore } from '../../src/azure/record-store.ts'
import { keyJudge } from '../../src/azure/sts.ts'
import type { Clock } from '../../src/common/clock.ts'
import { publicCloud } from '../../src/common/cloud.ts'
import { Secret } from '../../src/common/secret.ts'
import type { AiAccounts, KeyJudge, Lease, RecordStore } from '../../src/rotation/ports.ts'
import type { Answer, Wire } from './wire.ts'
import type { World } from './world.ts'

export const VAULT_URL = 'https://bench.vault.azure.net'
const credential: TokenCredential = {
  getToken: async () => ({ token: 'token', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }),
}

export interface Ports {
  readonly accounts: AiAccounts
  readonly store: RecordStore
  readonly judge: KeyJudge
  readonly lease: Lease
}

/** What the app is made of: the adapters of src/azure, paced or not. */
export function createPorts(world: World, wire: Wire, clock: Clock, pacing: AzurePacing | undefined): Ports {
  const answer = answerFrom(world, wire)
  const vault = onWire(answer, pacing?.vault)
  const unpaced = async () => undefined
  const wired: AzurePacing = {
    subscription: (id) => onWire(answer, pacing?.subscription(id)),
    vault,
    toRegenerate: pacing?.toRegenerate ?? unpaced,
    toPublish: pacing?.toPublish ?? unpaced,
  }
  globalThis.fetch = async (_url, init) => {
    const key = new Headers(init?.headers).get('ocp-apim-subscription-key') ?? ''
    const { status, body } = await wire.call('sts', '', () => world.exchange(key))
    return new Response(body, { status })
  }
  return {
    accounts: aiAccounts({ credential, cloud: publicCloud, clock, pacing: wired }),
    store: recordStore({ credential, vaultUrl: VAULT_URL, cloud: publicCloud, clock, lane: vault }),
    judge: keyJudge({ cloud: publicCloud, clock }),
    lease: createLease(wire, clock),
  }
}

/** The same, but both writes by clients as they come: no pacing, and the SDKs' own retries. */
export function createPlainPorts(world: World, wire: Wire, clock: Clock): Ports {
  const ports = createPorts(world, wire, clock, undefined)
  const options = pacedBy(onWire(answerFrom(world, wire), undefined))
  const arm = new Map<string, CognitiveServicesManagementClient>()
  const vault = new SecretClient(VAULT_URL, credential, options)
  return {
    ...ports,
    accounts: {
      ...ports.accounts,
      async regenerate({ subscription, resourceGroup, name }, slot) {
        const client = arm.get(subscription) ?? new CognitiveServicesManagementClient(credential, subscription, options)
        arm.set(subscription, client)
        const keyName = slot === 'key1' ? 'Key1' : 'Key2'
        const answer = await client.accounts.regenerateKey(resourceGroup, name, keyName).catch(refuse)
        const { key1 = '', key2 = '' } = answer
        return { key1: Secret.of(key1), key2: Secret.of(key2) }
      },
    },
    store: {
      ...ports.store,
      async publish(name, { value, tags, expiresAt }) {
        await vault.setSecret(name, value.reveal(), { tags: { ...tags }, expiresOn: expiresAt }).catch(refuse)
      },
    },
  }
}

const refuse = (error: unknown): never => {
  throw sanitize('a plain write', error)
}

interface Sent {
  readonly method: string
  readonly url: string
  readonly body?: unknown
}

const CHALLENGE: Answer = {
  status: 401,
  headers: {
    'www-authenticate':
      'Bearer authorization="https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111", resource="https://vault.azure.net"',
  },
  body: '{}',
}

const answerFrom = (world: World, wire: Wire) => async (request: Sent) => {
  const { pathname, host } = new URL(request.url)
  // A client's first request to a vault goes out without token and body, and is told where to get one.
  if (request.method === 'PUT' && !request.body) return asResponse(request, CHALLENGE)
  const { kind, place, work } = world.answer(request.method, host, pathname, request.body)
  return asResponse(request, await wire.call(kind, place, work))
}

/** As the pipelines' own HTTP client answers. */
function asResponse(request: Sent, { status, headers, body }: Answer) {
  const all: Readonly<Record<string, string>> = { ...headers, 'content-type': 'application/json' }
  const get = (name: string) => all[name.toLowerCase()]
  return {
    request,
    status,
    bodyAsText: body,
    headers: {
      get,
      has: (name: string) => get(name) !== undefined,
      toJSON: () => ({ ...all }),
      [Symbol.iterator]: () => Object.entries(all)[Symbol.iterator](),
    },
  }
}

/** A lane whose policy sees each try as it does in the app, and whose tries go no further than here. */
function onWire(answer: ReturnType<typeof answerFrom>, lane: Lane | undefined): Lane {
  const send = (request: object) => answer(request as Sent) as Promise<never>
  return {
    ready: lane?.ready ?? (async () => undefined),
    policy: {
      name: 'wire',
      sendRequest: (request) => (lane ? lane.policy.sendRequest(request, send) : send(request)),
    },
  }
}

/** Two calls to the host's storage to get one, two to give it back. Renewals are not on anybody's way. */
function createLease(wire: Wire, clock: Clock): Lease {
  const call = () => wire.call('lease', '', () => '')
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
