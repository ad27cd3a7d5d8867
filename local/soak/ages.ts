// Accounts that rotate seldom were published at different times: otherwise all of them would rotate at once, and late.

import { isSlow, SLOW_SECONDS } from './fleet.ts'
import type { Soak } from './soak.ts'

/** The last becomes due after 20 s: within a minute of trouble, each has time to rotate in spite of it. */
const YOUNGEST_SECONDS = SLOW_SECONDS - 20
const OLDEST_SECONDS = SLOW_SECONDS - 3

/** Moves what was published for them into the past, so that each becomes due at a moment of its own. */
export function ageSlowOnes({ azure, names }: Soak): void {
  const [vault] = azure.world.vaults.values()
  const slow = names.filter(isSlow)
  for (const [at, name] of slow.entries()) {
    const versions = vault?.secrets.get(name)?.versions ?? []
    const seconds = Math.round(YOUNGEST_SECONDS + ((OLDEST_SECONDS - YOUNGEST_SECONDS) * at) / (slow.length - 1))
    const earlier = (text = '') => new Date(Date.parse(text) - seconds * 1_000).toISOString()
    for (const [index, version] of versions.entries()) {
      const { created, updated, tags } = version
      versions[index] = {
        ...version,
        created: created - seconds,
        updated: updated - seconds,
        tags: { ...tags, PublishedAt: earlier(tags.PublishedAt) },
      }
    }
  }
}
