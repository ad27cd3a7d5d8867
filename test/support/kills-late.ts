// A regenerate that its sender did not live to see: ARM holds it up, and carries it out some seconds after.

import { fingerprint } from '../../local/azure/keys.ts'
import type { Azure } from '../../local/azure/start-azure.ts'
import type { Account } from '../../local/azure/world.ts'
import { readRecord } from '../../src/common/record.ts'
import { ACCOUNTS, intervalOf } from './kills-fleet.ts'

const ARM = 'https://management.azure.com'
/** Well below the deadline of a write, so that the sender is dead before it gives up. */
export const HELD_UP_MS = 1_000
/** After the death of the sender, and before a quarantine can have ended. */
export const LANDS_AFTER_MS = 3_500

export const holdUpRegenerates = ({ faults }: Azure): void =>
  faults.add({ route: 'arm.regenerateKey', kind: 'hang', count: ACCOUNTS })

/** The slot that a run may have asked for that had read everything: the idle one of an account that is due. */
export function slotOnItsWay({ world }: Azure, account: Account): 'key1' | 'key2' | undefined {
  const newest = world.vaults.get('keystile-local')?.secrets.get(account.name)?.versions.at(-1)
  const record = readRecord(newest?.tags ?? {})
  const idle = record.credentialId === 'key1' ? 'key2' : 'key1'
  const due = newest && world.now() >= (newest.created + 1) * 1_000 + intervalOf(account)
  return due && record.sibling === fingerprint(account.keys[idle].value) ? idle : undefined
}

/** @throws Error unless ARM answers 200. */
export async function regenerateLate({ entra }: Azure, { id }: Account, slot: 'key1' | 'key2'): Promise<void> {
  const { token } = await entra.mint({ kind: 'identity', identity: 'human', resource: ARM })
  const answer = await fetch(`${ARM}${id}/regenerateKey?api-version=2025-09-01`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ keyName: slot === 'key1' ? 'Key1' : 'Key2' }),
  })
  if (!answer.ok) throw new Error(`a late regenerate was answered ${answer.status}`)
  await answer.arrayBuffer()
}
