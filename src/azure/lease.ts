// One run per secret at a time: a blob lease in the host's storage, over @azure/storage-blob.

import type { TokenCredential } from '@azure/identity'
import { BlobServiceClient, type BlockBlobClient } from '@azure/storage-blob'
import type { Clock } from '../common/clock.ts'
import { AppError } from '../common/errors.ts'
import type { HeldLease, Lease } from '../rotation/ports.ts'
import { readFailure, sanitize } from './errors.ts'
import type { StorageConnection } from './storage.ts'

const CONTAINER = 'keystile-leases'
/** The longest that a lease can be had for without being endless (contract F). */
const LEASE_SECONDS = 60
const RENEW_MS = 15_000
/** A renewal or acquisition that takes longer says nothing: the lease counts from when it was asked for. */
const TIMEOUT_MS = 10_000

export interface LeaseDeps {
  readonly storage: StorageConnection
  readonly credential: TokenCredential
  readonly clock: Clock
  /** Part of the lease's name: two vaults may hold secrets of the same name. */
  readonly vaultUrl: string
}

export function blobLease({ storage, credential, clock, vaultUrl }: LeaseDeps): Lease {
  const retryOptions = { maxTries: 2, tryTimeoutInMs: TIMEOUT_MS }
  const service =
    storage.kind === 'string'
      ? BlobServiceClient.fromConnectionString(storage.connectionString, { retryOptions })
      : new BlobServiceClient(storage.blobUrl, credential, { retryOptions })
  const container = service.getContainerClient(CONTAINER)
  const vault = new URL(vaultUrl).hostname

  return {
    async acquire(name) {
      const blob = container.getBlockBlobClient(`${vault}/${name}`)
      const doing = `lease secret ${name}`
      try {
        const askedAt = clock.elapsed()
        const leaseState = await readState(blob, () => container.createIfNotExists())
        if (leaseState === 'leased') return { kind: 'busy' }
        const client = blob.getBlobLeaseClient()
        await client.acquireLease(LEASE_SECONDS, { abortSignal: AbortSignal.timeout(TIMEOUT_MS) })
        // Between the look and the lease nobody can have held it and let it expire: that takes longer.
        if (clock.elapsed() - askedAt >= LEASE_SECONDS * 1_000)
          throw new AppError('upstream_unreachable', `${doing}: too slow`)
        return {
          kind: 'held',
          lease: holdLease(blob, client.leaseId, askedAt, clock),
          clean: leaseState === 'available',
        }
      } catch (error) {
        if (readFailure(error).status === 409) return { kind: 'busy' }
        throw error instanceof AppError ? error : sanitize(doing, error)
      }
    },
  }
}

function holdLease(blob: BlockBlobClient, leaseId: string, askedAt: number, clock: Clock): HeldLease {
  const client = blob.getBlobLeaseClient(leaseId)
  let until = askedAt + LEASE_SECONDS * 1_000
  const renew = async () => {
    const from = clock.elapsed()
    try {
      await client.renewLease({ abortSignal: AbortSignal.timeout(TIMEOUT_MS) })
      until = from + LEASE_SECONDS * 1_000
    } catch {
      // `until` stays where it is, and whoever is about to write looks at it.
    }
  }
  const renewal = setInterval(() => void renew(), RENEW_MS)
  return {
    until: () => until,
    async release(note) {
      clearInterval(renewal)
      const text = JSON.stringify(note)
      // Best effort: an untold outcome is a gap on the status page, and an unreleased lease costs the next run a wait.
      await blob.upload(text, Buffer.byteLength(text), { conditions: { leaseId } }).catch(() => undefined)
      await client.releaseLease().catch(() => undefined)
    },
    abandon: () => clearInterval(renewal),
  }
}

/** `available` after a release, `expired` or `broken` without one. A blob that nobody made yet is made. */
async function readState(blob: BlockBlobClient, makeContainer: () => Promise<unknown>): Promise<string | undefined> {
  const options = { abortSignal: AbortSignal.timeout(TIMEOUT_MS) }
  try {
    return (await blob.getProperties(options)).leaseState
  } catch (error) {
    if (readFailure(error).status !== 404) throw error
  }
  await makeContainer()
  try {
    await blob.upload('', 0, { ...options, conditions: { ifNoneMatch: '*' } })
  } catch (error) {
    // Somebody else was first, and may hold the lease already: both are fine.
    const { status } = readFailure(error)
    if (status !== 409 && status !== 412) throw error
  }
  return (await blob.getProperties(options)).leaseState
}
