// Azure as a vendor needs it: an account whose key is published, and a caller who may have its tokens.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SeedInput } from '../../local/azure/seed.ts'
import seed from '../../local/seed.json' with { type: 'json' }
import { type Stack, startStack } from '../../local/stack.ts'

export const ACCOUNT = 'speech-west'

/** More than anything here asks; the limiter counts all the same. */
const unhurried = { KEYSTILE_RATE_PER_MINUTE: '999999', KEYSTILE_RATE_BURST: '999999' }

export interface VendingWorld {
  readonly stack: Stack
  /** The whole environment of an app. */
  envOf(app: 'vendor' | 'rotator'): Readonly<Record<string, string>>
  /** For the header `authorization`. @param caller by the seed's name; default: one that may have every token. */
  bearer(caller?: string): Promise<string>
  /** Calls of the token service so far. */
  exchanges(): number
  close(): Promise<void>
}

export async function startVendingWorld(): Promise<VendingWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'keystile-bench-'))
  const quick = { KEYSTILE_SCHEDULE: '* * * * * *', KEYSTILE_PROOF_SPACING: 'PT0S', KEYSTILE_SETTLE: 'PT0S' }
  const stack = await startStack({ seed: seed as SeedInput, folder, rotator: quick })
  const isPublished = () =>
    stack.azure.journal.since(0).entries.some(({ event, account }) => event === 'published' && account === ACCOUNT)
  while (!isPublished()) await sleep(50)
  // Nothing else happens from here on.
  await stack.rotator.close()
  await stack.vendor.close()
  return {
    stack,
    envOf: (app) => ({ ...stack.env(app), ...unhurried, KEYSTILE_SCHEDULE: '0 0 0 1 1 *' }),
    bearer: async (caller = 'app-all') => `Bearer ${(await stack.azure.entra.mint({ kind: 'app', caller })).token}`,
    exchanges: () => stack.azure.journal.counts()['sts.issueToken'] ?? 0,
    close: async () => {
      await stack.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
