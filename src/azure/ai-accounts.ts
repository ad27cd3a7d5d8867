// ARM: Azure AI services accounts and their keys, over @azure/arm-cognitiveservices.

import { type Account as ArmAccount, CognitiveServicesManagementClient } from '@azure/arm-cognitiveservices'
import type { TokenCredential } from '@azure/identity'
import { normaliseRegion, parseAccountId, type Slot } from '../common/account.ts'
import type { Clock } from '../common/clock.ts'
import type { Cloud } from '../common/cloud.ts'
import { AppError } from '../common/errors.ts'
import { Secret } from '../common/secret.ts'
import type { Account, AiAccounts, KeyPair } from '../rotation/ports.ts'
import { createDeadlines, type Deadlines } from './deadline.ts'
import { readFailure, sanitize } from './errors.ts'
import { type AzurePacing, type Lane, pacedBy } from './pacing.ts'

const TIMEOUT_MS = 30_000
/** All pages together. */
const LIST_TIMEOUT_MS = 120_000
/** ARM takes the names of slots in this case only (contract A2). */
const KEY_NAME = { key1: 'Key1', key2: 'Key2' } as const satisfies Record<Slot, string>

export interface AiAccountsDeps {
  readonly credential: TokenCredential
  readonly cloud: Cloud
  readonly clock: Clock
  /**
   * Is waited for before `get` and `listKeys`. Whoever regenerates waits by itself: the deadline of a regenerate counts
   * from the call. The pages of a list are only told, not waited for: a round asks for them one after the other.
   */
  readonly pacing?: AzurePacing
  /** What is read goes ahead of what others read. Default: it does not. */
  readonly urgent?: boolean
}

export function aiAccounts(deps: AiAccountsDeps): AiAccounts {
  const { pacing, urgent } = deps
  const deadlines = createDeadlines(deps.clock)
  const readers = clients(deps, 3)
  // A regenerate that the pipeline retries may happen twice while we see one answer (contract fact 1).
  const writers = clients(deps, 0, deadlines.policy)
  const ready = async (subscription: string, kind: Parameters<Lane['ready']>[0]) =>
    pacing?.subscription(subscription).ready(kind, urgent)
  const options = (milliseconds = TIMEOUT_MS) => ({ abortSignal: AbortSignal.timeout(milliseconds) })
  return {
    async *list(subscription) {
      const doing = `list the accounts of subscription ${subscription}`
      const bound = options(LIST_TIMEOUT_MS)
      try {
        for await (const account of readers(subscription).accounts.list(bound)) {
          const read = readAccount(account)
          if (read) yield read
        }
      } catch (error) {
        throw sanitize(doing, error)
      }
    },

    async get({ id, subscription, resourceGroup, name }) {
      await ready(subscription, 'reads')
      try {
        const account = readAccount(await readers(subscription).accounts.get(resourceGroup, name, options()))
        if (account) return { kind: 'found', account }
      } catch (error) {
        return statusOf(error, `read ${id}`)
      }
      throw new AppError('upstream_refused', `read ${id}: the answer is not an account`)
    },

    async listKeys({ id, subscription, resourceGroup, name }) {
      const doing = `list the keys of ${id}`
      await ready(subscription, 'writes')
      try {
        return {
          kind: 'keys',
          keys: readKeys(doing, await readers(subscription).accounts.listKeys(resourceGroup, name, options())),
        }
      } catch (error) {
        const { status, code } = readFailure(error)
        // 400, not 403: that is how ARM says that local authentication is off (contract fact 8).
        if (status === 400 && code === 'BadRequest') return { kind: 'local-auth-disabled' }
        return statusOf(error, doing)
      }
    },

    async regenerate({ id, subscription, resourceGroup, name }, slot, deadlineMs) {
      const doing = `regenerate ${slot} of ${id}`
      try {
        const { accounts } = writers(subscription)
        const bound = deadlines.begin(deadlineMs)
        return readKeys(doing, await accounts.regenerateKey(resourceGroup, name, KEY_NAME[slot], bound))
      } catch (error) {
        throw error instanceof AppError ? error : sanitize(doing, error)
      }
    },
  }
}

function clients(deps: AiAccountsDeps, maxRetries: number, ...last: Deadlines['policy'][]) {
  const { credential, cloud, pacing } = deps
  const made = new Map<string, CognitiveServicesManagementClient>()
  const endpoint = `https://${cloud.arm}`
  const place = { endpoint, credentialScopes: `${endpoint}/.default` }
  return (subscription: string) => {
    const paced = pacedBy(pacing?.subscription(subscription), ...last)
    const options = { ...place, retryOptions: { maxRetries }, ...paced }
    const client = made.get(subscription) ?? new CognitiveServicesManagementClient(credential, subscription, options)
    made.set(subscription, client)
    return client
  }
}

/** Only a 404 is absence, and only a 403 is "may not"; everything else says nothing. */
function statusOf(error: unknown, doing: string): { kind: 'gone' } | { kind: 'refused' } {
  const { status } = readFailure(error)
  if (status === 404) return { kind: 'gone' }
  if (status === 403) return { kind: 'refused' }
  throw error instanceof AppError ? error : sanitize(doing, error)
}

function readAccount(account: ArmAccount): Account | undefined {
  const id = parseAccountId(account.id ?? '')
  if (!id) return undefined
  const { properties = {} } = account
  const subDomain = properties.customSubDomainName
  return {
    ...id,
    kind: account.kind ?? '',
    place: {
      region: normaliseRegion(account.location ?? ''),
      ...(subDomain ? { subDomain: subDomain.toLowerCase() } : {}),
    },
    provisioningState: properties.provisioningState ?? '',
    // Absent means no (contract A2).
    localAuthDisabled: properties.disableLocalAuth ?? false,
    // Names of tags have no case in ARM, and come back in the one in which somebody wrote them.
    tags: Object.fromEntries(Object.entries(account.tags ?? {}).map(([name, value]) => [name.toLowerCase(), value])),
  }
}

function readKeys(doing: string, { key1, key2 }: { key1?: string; key2?: string }): KeyPair {
  if (!key1 || !key2) throw new AppError('upstream_unreachable', `${doing}: the answer lacks a key`)
  return { key1: Secret.of(key1), key2: Secret.of(key2) }
}
