// Accounts that rotate seldom were published at different times: otherwise all of them would rotate at once, and late.

import { isSlow, SLOW_SECONDS } from './fleet.ts'
import type { Soak } from './soak.ts'

/** Moves what was published for them into the past, so that each becomes due at a moment of its own. */
export function ageSlowOnes({ azure, names }: Soak): void {
  const [vault] = azure.world.vaults.values()
  const slow = names.filter(isSlow)
  for (const [at, name] of slow.entries()) {
    const versions = vault?.secrets.get(name)?.versions ?? []
    const seconds = Math.round((SLOW_SECONDS * (at + 6)) / (slow.length + 6))
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
