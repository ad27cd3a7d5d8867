// Is an account as it is to be? The newest version is ours, and holds a current key that its service takes.

import { callService } from '../../local/client.ts'
import type { Stack } from '../../local/stack.ts'
import { readRecord } from '../../src/common/record.ts'
import { fingerprintOf, Secret } from '../../src/common/secret.ts'

/** What is amiss, in words that begin with the account; empty when all are healthy. */
export async function complaintsOf({ azure }: Stack): Promise<string[]> {
  const vault = azure.world.vaults.get('keystile-local')
  const told = [...azure.world.accounts.values()].map(async ({ name, kind, keys }) => {
    const newest = vault?.secrets.get(name)?.versions.at(-1)
    if (!newest) return [`${name}: nothing is published`]
    const record = readRecord(newest.tags)
    const slot = record.credentialId
    const key = slot === 'key1' || slot === 'key2' ? keys[slot].value : undefined
    const ours = record.publisher === 'local' && record.fingerprint === fingerprintOf(Secret.of(newest.value))
    const status = await callService({ kind, region: 'westus2' }, { kind: 'key', key: newest.value })
    return [
      ...(ours ? [] : [`${name}: the newest version is not ours`]),
      ...(key === newest.value ? [] : [`${name}: the newest version does not hold ${slot}`]),
      ...(status === 200 ? [] : [`${name}: the service answers ${status}`]),
    ]
  })
  return (await Promise.all(told)).flat()
}

/** What operators see of each account: `kill-00 managed`, and what is amiss with it. */
export async function statesOf({ azure }: Stack, rotatorUrl: string): Promise<string[]> {
  const { token } = await azure.entra.mint({ kind: 'app', caller: 'operator' })
  const answer = await fetch(`${rotatorUrl}/api/accounts`, { headers: { authorization: `Bearer ${token}` } })
  const body = (await answer.json()) as { accounts?: { account: string; state: string; drift: string[] }[] }
  return (body.accounts ?? []).map(({ account, state, drift }) => [account, state, ...drift].join(' '))
}
