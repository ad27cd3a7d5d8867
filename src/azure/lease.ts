// One run per secret at a time: a blob lease in the host's storage, over @azure/storage-blob. Azure counts it while our
// machine sleeps, so it is over for us when either of our clocks says so.

import type { TokenCredential } from '@azure/identity'
import { type BlobLeaseClient, BlobServiceClient, type BlockBlobClient } from '@azure/storage-blob'
import { type Clock, countdown } from '../common/clock.ts'
import { AppError } from '../common/errors.ts'
import type { HeldLease, Lease, RunNotes } from '../rotation/ports.ts'
import { readFailure, sanitize } from './errors.ts'
import type { StorageConnection } from './storage.ts'

const CONTAINER = 'keystile-leases'
/** The longest that a lease can be had for without being endless (contract F). */
const LONGEST_SECONDS = 60
const RENEWALS = 4
/** Answers to a renewal which say that the lease is somebody else's by now, broken, or gone with its blob. */
const LOST = new Set([404, 409, 412])
/** A renewal or acquisition that takes longer says nothing: the lease counts from when it was asked for. */
const TIMEOUT_MS = 10_000
const bound = (milliseconds = TIMEOUT_MS) => ({ abortSignal: AbortSignal.timeout(milliseconds) })

export interface LeaseDeps {
  readonly storage: StorageConnection
  readonly credential: TokenCredential
  readonly clock: Clock
  /** Part of the lease's name: two vaults may hold secrets of the same name. */
  readonly vaultUrl: string
  /** How long it is had for at a time, from 15 to 60, the default. Renewed after each quarter of that. */
  readonly seconds?: number
}

/** Where the leases of one vault are, by the names of its secrets. */
function openContainer({ storage, credential, vaultUrl }: Omit<LeaseDeps, 'clock'>) {
  const retryOptions = { maxTries: 2, tryTimeoutInMs: TIMEOUT_MS }
  const service =
    storage.kind === 'string'
      ? BlobServiceClient.fromConnectionString(storage.connectionString, { retryOptions })
      : new BlobServiceClient(storage.blobUrl, credential, { retryOptions })
  const container = service.getContainerClient(CONTAINER)
  const vault = new URL(vaultUrl).hostname
  return { container, blobOf: (name: string) => container.getBlockBlobClient(`${vault}/${name}`) }
}

/** Reads what the last run left in the lease that it gave back, for the status page. */
export function blobNotes(deps: Omit<LeaseDeps, 'clock'>): RunNotes {
  const { blobOf } = openContainer(deps)
  return {
    async read(name) {
      try {
        const { leaseState, readableStreamBody = [] } = await blobOf(name).download(0, undefined, bound())
        const chunks: Buffer[] = []
        for await (const chunk of readableStreamBody) chunks.push(Buffer.from(chunk))
        // A run that is under way, or did not give its lease back, has left the note of the one before.
        if (leaseState !== 'available') return undefined
        const note: unknown = JSON.parse(Buffer.concat(chunks).toString())
        return typeof note === 'object' && note !== null ? note : undefined
      } catch {
        // Nobody ran yet, the last run did not end, or storage is away: the page says nothing of it.
        return undefined
      }
    },
  }
}

export function blobLease({ clock, seconds = LONGEST_SECONDS, ...place }: LeaseDeps): Lease {
  const { container, blobOf } = openContainer(place)

  return {
    async acquire(name) {
      const blob = blobOf(name)
      const doing = `lease secret ${name}`
      try {
        const left = countdown(clock, seconds * 1_000)
        const leaseState = await readState(blob, () => container.createIfNotExists(bound()))
        if (leaseState === 'leased') return { kind: 'busy' }
        const client = blob.getBlobLeaseClient()
        await client.acquireLease(seconds, bound())
        // Between the look and the lease nobody can have held it and let it expire: that takes longer.
        if (left() <= 0) throw new AppError('upstream_unreachable', `${doing}: too slow`)
        return {
          kind: 'held',
          lease: holdLease(client, blob, { left, milliseconds: seconds * 1_000, clock }),
          clean: leaseState === 'available',
        }
      } catch (error) {
        if (readFailure(error).code === 'LeaseAlreadyPresent') return { kind: 'busy' }
        throw error instanceof AppError ? error : sanitize(doing, error)
      }
    },
  }
}

interface Term {
  /** Milliseconds that are left of the lease, counted from when it was asked for. */
  readonly left: () => number
  readonly milliseconds: number
  readonly clock: Clock
}

function holdLease(client: BlobLeaseClient, blob: BlockBlobClient, { milliseconds, clock, ...term }: Term): HeldLease {
  const { leaseId } = client
  let { left } = term
  const renewMs = milliseconds / RENEWALS
  const renew = async () => {
    const next = countdown(clock, milliseconds)
    try {
      // Ended before the next one begins, so that what is lost stays lost.
      await client.renewLease(bound(Math.min(TIMEOUT_MS, renewMs)))
      left = next
    } catch (error) {
      // Where nothing is known, the count goes on, and whoever is about to write looks at it.
      if (!LOST.has(readFailure(error).status ?? 0)) return
      left = () => Number.NEGATIVE_INFINITY
      clearInterval(renewal)
    }
  }
  const renewal = setInterval(() => void renew(), renewMs)
  return {
    until: () => clock.elapsed() + left(),
    async release(note) {
      clearInterval(renewal)
      const text = JSON.stringify(note)
      // Best effort: an untold outcome is a gap on the status page, and an unreleased lease costs the next run a wait.
      await blob.upload(text, Buffer.byteLength(text), { ...bound(), conditions: { leaseId } }).catch(() => undefined)
      await client.releaseLease(bound()).catch(() => undefined)
    },
    abandon: () => clearInterval(renewal),
  }
}

/** `available` after a release, `expired` or `broken` without one. A blob that nobody made yet is made. */
async function readState(blob: BlockBlobClient, makeContainer: () => Promise<unknown>): Promise<string | undefined> {
  const options = bound()
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
