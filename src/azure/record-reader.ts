// Key Vault as the vendor uses it: the newest version of one secret, over @azure/keyvault-secrets.

import type { TokenCredential } from '@azure/identity'
import { SecretClient } from '@azure/keyvault-secrets'
import { sameId } from '../common/account.ts'
import { readRecord, tag } from '../common/record.ts'
import { fingerprintOf, Secret } from '../common/secret.ts'
import type { RecordAnswer, RecordReader } from '../vending/ports.ts'
import { readFailure, sanitize } from './errors.ts'

const TIMEOUT_MS = 10_000

export function recordReader(deps: { credential: TokenCredential; vaultUrl: string }): RecordReader {
  const client = new SecretClient(deps.vaultUrl, deps.credential, {
    retryOptions: { maxRetries: 1, maxRetryDelayInMs: 1_000 },
  })
  const read = async (name: string, version?: string): Promise<RecordAnswer> => {
    const bound = { abortSignal: AbortSignal.timeout(TIMEOUT_MS), ...(version === undefined ? {} : { version }) }
    const { value, properties } = await client.getSecret(name, bound)
    return value ? checkRecord(Secret.of(value), properties.tags ?? {}) : { kind: 'not-a-record' }
  }
  return {
    async newest(name) {
      try {
        return await read(name)
      } catch (error) {
        const { status, inner } = readFailure(error)
        if (status === 404) return { kind: 'absent' }
        if (status === 403 && inner === 'SecretDisabled') return { kind: 'held' }
        throw sanitize(`read secret ${name}`, error)
      }
    },

    async another(name, account, refused) {
      try {
        const version = await newestOther(client, name, { account, refused })
        const answer = version === undefined ? undefined : await read(name, version)
        return answer?.kind === 'record' ? answer.record : undefined
      } catch (error) {
        throw sanitize(`read an older version of secret ${name}`, error)
      }
    },
  }
}

/**
 * The version id of the newest that is enabled and has another key of this account, by its tags alone. None where the
 * newest of all is disabled: that is a stop, made a moment ago.
 */
async function newestOther(
  client: SecretClient,
  name: string,
  { account, refused }: { account: string; refused: string },
): Promise<string | undefined> {
  let best: { version: string | undefined; at: number } | undefined
  let newest = { at: Number.NEGATIVE_INFINITY, enabled: true }
  const versions = client.listPropertiesOfSecretVersions(name, { abortSignal: AbortSignal.timeout(TIMEOUT_MS) })
  for await (const { version, enabled, createdOn, tags = {} } of versions) {
    const { providerAddress, fingerprint } = readRecord(tags)
    const at = createdOn?.getTime() ?? 0
    if (at >= newest.at) newest = { at, enabled: (at > newest.at || newest.enabled) && enabled === true }
    if (!enabled || fingerprint === undefined || fingerprint === refused) continue
    if (providerAddress === undefined || !sameId(providerAddress, account)) continue
    if (best === undefined || at > best.at) best = { version, at }
  }
  return newest.enabled ? best?.version : undefined
}

/** What the value of a record without a key is: it says so itself, and is no key of any account. */
const KEYLESS = 'keyless'

/**
 * A secret is used only if it is a record: an account's ARM id, a key's name, a place, and a value that is the key
 * whose fingerprint the tags give, where they give one. Any other value is forgotten here.
 */
export function checkRecord(key: Secret, tags: Readonly<Record<string, string>>): RecordAnswer {
  const { providerAddress, credentialId, fingerprint, place, kind } = readRecord(tags)
  if (providerAddress === undefined || credentialId === undefined) return { kind: 'not-a-record' }
  if (place === undefined || kind === undefined) return { kind: 'not-a-record' }
  const account = { providerAddress, place, kind }
  const actual = fingerprintOf(key)
  if (credentialId === 'none') {
    return key.reveal() === KEYLESS ? { kind: 'keyless', account } : { kind: 'not-a-record' }
  }
  if ((tags[tag.fingerprint] ?? '') !== '' && fingerprint !== actual) return { kind: 'not-a-record' }
  return { kind: 'record', record: { ...account, key, fingerprint: actual } }
}
