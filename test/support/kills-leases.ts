// The leases that a killed process leaves behind. They last a minute; most are broken, which counts the same.

import { BlobServiceClient } from '@azure/storage-blob'
import type { Azurite } from '../../local/azurite.ts'

/** A lease is renewed every 15 s: this long it lasts at the least, in milliseconds, after the death of its holder. */
const LEAST_MS = 44_000
const MOST_MS = 62_000
/** So many leases of each ten kills end by themselves. */
const PER_TEN_KILLS = 2

/** A lease that was left behind: nobody may touch the account before `overAt` and a quarantine. */
export interface Left {
  readonly account: string
  /** Epoch milliseconds; the holder was dead by then. */
  readonly leftAt: number
  /** Epoch milliseconds: the earliest end of the lease. */
  readonly overAt: number
  readonly how: 'broken' | 'expires'
}

export interface Leases {
  /** Looks at what a process left that died at `diedAt`, the kill of that number from 0, and breaks most of it. */
  clear(kill: number, diedAt: number): Promise<readonly Left[]>
  /** When the last lease ends that was left to itself. Epoch milliseconds. */
  lastOverAt(): number
}

export function watchLeases({ connectionString }: Azurite, vaultHost: string): Leases {
  const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient('keystile-leases')
  const sleeping = new Map<string, number>()
  let expiring = 0

  const leased = async (): Promise<string[]> => {
    const names: string[] = []
    for await (const { name, properties } of container.listBlobsFlat({ prefix: `${vaultHost}/` }))
      if (properties.leaseState === 'leased') names.push(name.slice(vaultHost.length + 1))
    return names
  }
  const end = async (account: string, kill: number, diedAt: number): Promise<Left> => {
    if (expiring < PER_TEN_KILLS * (1 + Math.floor(kill / 10))) {
      expiring += 1
      sleeping.set(account, diedAt + MOST_MS)
      return { account, leftAt: Date.now(), overAt: diedAt + LEAST_MS, how: 'expires' }
    }
    const leftAt = Date.now()
    await container.getBlobClient(`${vaultHost}/${account}`).getBlobLeaseClient().breakLease(0)
    return { account, leftAt, overAt: leftAt, how: 'broken' }
  }

  return {
    async clear(kill, diedAt) {
      const found = (await leased()).filter((account) => (sleeping.get(account) ?? 0) < diedAt)
      return Promise.all(found.map((account) => end(account, kill, diedAt)))
    },
    lastOverAt: () => Math.max(0, ...sleeping.values()),
  }
}
