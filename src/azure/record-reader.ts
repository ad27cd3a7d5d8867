// Key Vault as the vendor uses it: the newest version of one secret, over @azure/keyvault-secrets.

import type { TokenCredential } from '@azure/identity'
import { SecretClient } from '@azure/keyvault-secrets'
import { readRecord } from '../common/record.ts'
import { fingerprintOf, Secret } from '../common/secret.ts'
import type { RecordAnswer, RecordReader } from '../vending/ports.ts'
import { readFailure, sanitize } from './errors.ts'

const TIMEOUT_MS = 10_000

export function recordReader(deps: { credential: TokenCredential; vaultUrl: string }): RecordReader {
  const client = new SecretClient(deps.vaultUrl, deps.credential, {
    retryOptions: { maxRetries: 1, maxRetryDelayInMs: 1_000 },
  })
  return {
    async newest(name) {
      try {
        const { value, properties } = await client.getSecret(name, { abortSignal: AbortSignal.timeout(TIMEOUT_MS) })
        return value ? checkRecord(Secret.of(value), properties.tags ?? {}) : { kind: 'not-a-record' }
      } catch (error) {
        const { status, inner } = readFailure(error)
        if (status === 404) return { kind: 'absent' }
        if (status === 403 && inner === 'SecretDisabled') return { kind: 'held' }
        throw sanitize(`read secret ${name}`, error)
      }
    },
  }
}

/**
 * A secret is used only if it is a record: an account's ARM id, a key's name, a place, and a value that is the key
 * whose fingerprint the tags give, where they give one. Any other value is forgotten here.
 */
export function checkRecord(key: Secret, tags: Readonly<Record<string, string>>): RecordAnswer {
  const { providerAddress, credentialId, fingerprint, place, kind } = readRecord(tags)
  if (providerAddress === undefined || credentialId === undefined || credentialId === 'none')
    return { kind: 'not-a-record' }
  if (place === undefined || kind === undefined) return { kind: 'not-a-record' }
  const actual = fingerprintOf(key)
  if ((tags.KeyFingerprint ?? '') !== '' && fingerprint !== actual) return { kind: 'not-a-record' }
  return { kind: 'record', record: { key, fingerprint: actual, providerAddress, place, kind } }
}
