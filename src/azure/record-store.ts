// Key Vault as the rotator uses it: metadata and new versions, over @azure/keyvault-secrets. It never reads a value.

import type { TokenCredential } from '@azure/identity'
import { SecretClient, type SecretProperties } from '@azure/keyvault-secrets'
import type { Clock } from '../common/clock.ts'
import type { Cloud } from '../common/cloud.ts'
import { AppError } from '../common/errors.ts'
import type { Tags } from '../common/record.ts'
import type { RecordIndex, RecordStore, SecretVersion } from '../rotation/ports.ts'
import { createDeadlines } from './deadline.ts'
import { readFailure, sanitize } from './errors.ts'
import { type Lane, pacedBy } from './pacing.ts'

const TIMEOUT_MS = 30_000
/** All pages together. */
const LIST_TIMEOUT_MS = 120_000
const API_VERSION = '2025-07-01'

export interface RecordStoreDeps {
  readonly credential: TokenCredential
  readonly vaultUrl: string
  readonly cloud: Cloud
  readonly clock: Clock
  /**
   * Is waited for once before `read`, whatever it takes, and before each page of `list`. Whoever publishes waits by
   * itself: the deadline of a publish counts from the call. A recover is rare, and does not wait.
   */
  readonly lane?: Lane
}

export function recordStore(deps: RecordStoreDeps): RecordStore & RecordIndex {
  const { credential, vaultUrl, cloud, clock, lane } = deps
  const deadlines = createDeadlines(clock)
  const reader = new SecretClient(vaultUrl, credential, pacedBy(lane))
  const paced = pacedBy(lane, deadlines.policy)
  const writer = new SecretClient(vaultUrl, credential, { retryOptions: { maxRetries: 0 }, ...paced })
  const options = (milliseconds = TIMEOUT_MS) => ({ abortSignal: AbortSignal.timeout(milliseconds) })

  // A client's first request goes out bare and is answered with a challenge. Two first requests at once would carry
  // the value without a token (contract fact 6), so the writer is made known to the vault by a read, once.
  let warm: Promise<void> | undefined
  const warmUp = (name: string) => {
    warm ??= getOnePage(writer, name, deadlines.begin(TIMEOUT_MS)).catch((error: unknown) => {
      warm = undefined
      throw error
    })
    return warm
  }

  return {
    async *list() {
      try {
        const pages = reader.listPropertiesOfSecrets(options(LIST_TIMEOUT_MS)).byPage()
        for (;;) {
          await lane?.ready('reads')
          const { value: page, done } = await pages.next()
          if (done) return
          for (const { name, enabled, tags } of page) yield { name, enabled: enabled ?? true, tags: tags ?? {} }
        }
      } catch (error) {
        throw error instanceof AppError ? error : sanitize('list the secrets of the vault', error)
      }
    },

    async read(name) {
      await lane?.ready('reads')
      try {
        const versions = await listVersions(reader, name, options())
        if (versions.length > 0) return { kind: 'versions', versions }
        const tags = await deletedTags(reader, name, options())
        return tags ? { kind: 'deleted', tags } : { kind: 'versions', versions }
      } catch (error) {
        throw sanitize(`read the versions of secret ${name}`, error)
      }
    },

    async publish(name, { value, tags, expiresAt }, deadlineMs) {
      const bound = deadlines.begin(deadlineMs)
      try {
        await warmUp(name)
        await writer.setSecret(name, value.reveal(), { tags: { ...tags }, expiresOn: expiresAt, ...bound })
      } catch (error) {
        throw sanitize(`publish a version of secret ${name}`, error)
      }
    },

    // The SDK's recover begins by reading the secret, which this identity may not and need not.
    async recover(name) {
      const doing = `recover secret ${name}`
      const signal = AbortSignal.timeout(TIMEOUT_MS)
      const token = await credential
        .getToken(`https://${cloud.keyVault}/.default`, { abortSignal: signal })
        .catch((error: unknown) => {
          throw sanitize(doing, error)
        })
      if (!token) throw new AppError('upstream_refused', `${doing}: no token`)
      const url = new URL(`/deletedsecrets/${name}/recover?api-version=${API_VERSION}`, vaultUrl)
      const answer = await fetch(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${token.token}` },
        redirect: 'error',
        signal,
      }).catch((error: unknown) => {
        throw sanitize(doing, error)
      })
      await answer.body?.cancel()
      // 409: somebody else's recover is under way.
      if (!answer.ok && answer.status !== 409) throw sanitize(doing, { statusCode: answer.status })
    },
  }
}

type Options = { abortSignal: AbortSignal }

async function listVersions(client: SecretClient, name: string, options: Options): Promise<SecretVersion[]> {
  const versions: SecretVersion[] = []
  try {
    for await (const version of client.listPropertiesOfSecretVersions(name, options))
      versions.push(readVersion(version))
  } catch (error) {
    if (readFailure(error).status !== 404) throw error
  }
  return versions
}

/** One request: the SDK gives the signal, and with it the deadline, to the first page only. */
async function getOnePage(client: SecretClient, name: string, options: Options): Promise<void> {
  try {
    await client.listPropertiesOfSecretVersions(name, options).byPage().next()
  } catch (error) {
    if (readFailure(error).status !== 404) throw error
  }
}

async function deletedTags(client: SecretClient, name: string, options: Options): Promise<Tags | undefined> {
  try {
    const { properties } = await client.getDeletedSecret(name, options)
    return properties.tags ?? {}
  } catch (error) {
    if (readFailure(error).status === 404) return undefined
    throw error
  }
}

function readVersion({ version, createdOn, updatedOn, enabled, tags }: SecretProperties): SecretVersion {
  if (!version || !createdOn || !updatedOn) throw new AppError('upstream_unreachable', 'a version lacks its times')
  return { version, createdAt: createdOn, updatedAt: updatedOn, enabled: enabled ?? true, tags: tags ?? {} }
}
