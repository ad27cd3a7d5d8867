// One run per secret at a time: a blob lease in the host's storage, over @azure/storage-blob.

import type { TokenCredential } from '@azure/identity'
import { type BlobLeaseClient, BlobServiceClient, type BlockBlobClient } from '@azure/storage-blob'
import type { Lease } from '../rotation/ports.ts'
import { readFailure, sanitize } from './errors.ts'
import type { StorageConnection } from './storage.ts'

const CONTAINER = 'keystile-leases'
/** Seconds; the longest that a lease can be had for without being endless (contract F). */
const LEASE_SECONDS = 60
const RENEW_MS = 20_000

/** @param deps.vaultUrl part of the lease's name: two vaults may hold secrets of the same name. */
export function blobLease(deps: { storage: StorageConnection; credential: TokenCredential; vaultUrl: string }): Lease {
  const { storage, credential } = deps
  const service =
    storage.kind === 'string'
      ? BlobServiceClient.fromConnectionString(storage.connectionString)
      : new BlobServiceClient(storage.blobUrl, credential)
  const container = service.getContainerClient(CONTAINER)
  const vault = new URL(deps.vaultUrl).hostname

  return {
    async hold(name, work) {
      const blob = container.getBlockBlobClient(`${vault}/${name}`)
      const lease = blob.getBlobLeaseClient()
      const acquired = await acquire(blob, lease, () => container.createIfNotExists()).catch((error: unknown) => {
        throw sanitize(`lease secret ${name}`, error)
      })
      if (!acquired) return { kind: 'busy' }
      const renewal = setInterval(() => void lease.renewLease().catch(() => undefined), RENEW_MS)
      try {
        return { kind: 'held', result: await work() }
      } finally {
        clearInterval(renewal)
        await lease.releaseLease().catch(() => undefined)
      }
    },
  }
}

async function acquire(
  blob: BlockBlobClient,
  lease: BlobLeaseClient,
  prepare: () => Promise<unknown>,
): Promise<boolean> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await lease.acquireLease(LEASE_SECONDS)
      return true
    } catch (error) {
      const { status } = readFailure(error)
      if (status === 409) return false
      if (status !== 404 || attempt > 0) throw error
      await prepare()
      await createEmpty(blob)
    }
  }
}

/** Somebody else may be first, and may hold the lease already: both are fine. */
async function createEmpty(blob: BlockBlobClient): Promise<void> {
  try {
    await blob.upload('', 0, { conditions: { ifNoneMatch: '*' } })
  } catch (error) {
    const { status } = readFailure(error)
    if (status !== 409 && status !== 412) throw error
  }
}
