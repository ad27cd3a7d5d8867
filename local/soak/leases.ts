// Breaks each lease that a run left behind because it never learnt whether its write was done: an operator who does not
// wait for a minute. Its quarantine is kept all the same.

import { BlobServiceClient } from '@azure/storage-blob'
import type { Azurite } from '../azurite.ts'

const LEFT = /rotation\.failed \{"account":"[^"]+\/([^"/]+)".*"reason":"(?:regenerate|publish) /

/** @returns what takes a line of the rotator's log. */
export function breakLeases({ connectionString }: Azurite, vaultHost: string): (line: string) => void {
  const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient('keystile-leases')
  return (line) => {
    const [, name] = LEFT.exec(line) ?? []
    if (name === undefined) return
    const lease = container.getBlobClient(`${vaultHost}/${name}`).getBlobLeaseClient()
    // Refused where the lease was given back after all.
    lease.breakLease(0).catch(() => undefined)
  }
}
