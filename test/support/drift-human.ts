// A person with rights of their own, who changes an account or its secret by hand: through real calls where the
// stand-in has the operation, and in its world where it has not.

import type { Account, Slot, StoredSecret } from '../../local/azure/world.ts'
import type { AccountId } from '../../src/common/account.ts'
import type { TestAzure } from './azure.ts'
import { VAULT_URL } from './wired.ts'

const ARM = 'https://management.azure.com'

export interface Human {
  /** @throws Error unless Azure answers 2xx. */
  regenerate(id: AccountId, slot: Slot): Promise<void>
  setSecret(name: string, value: string, tags?: Readonly<Record<string, string>>): Promise<void>
  /** Switches the newest version on or off. */
  enable(name: string, enabled: boolean): Promise<void>
  deleteSecret(name: string): Promise<void>
  purgeSecret(name: string): Promise<void>
}

export function human(azure: Pick<TestAzure, 'entra'>): Human {
  const call = async (method: string, url: string, resource: string, body?: object) => {
    const { token } = await azure.entra.mint({ kind: 'identity', identity: 'human', resource })
    const answer = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status}`)
    await answer.arrayBuffer()
  }
  const vault = (method: string, path: string, body?: object) =>
    call(method, `${VAULT_URL}/${path}?api-version=7.6`, 'https://vault.azure.net', body)
  return {
    regenerate: ({ id }, slot) =>
      call('POST', `${ARM}${id}/regenerateKey?api-version=2025-09-01`, ARM, {
        keyName: slot === 'key1' ? 'Key1' : 'Key2',
      }),
    setSecret: (name, value, tags = {}) => vault('PUT', `secrets/${name}`, { value, tags }),
    enable: (name, enabled) => vault('PATCH', `secrets/${name}`, { attributes: { enabled } }),
    deleteSecret: (name) => vault('DELETE', `secrets/${name}`),
    purgeSecret: (name) => vault('DELETE', `deletedsecrets/${name}`),
  }
}

/** @throws Error when the stand-in has no such account. */
export function accountOf({ world }: TestAzure, { id }: AccountId): Account {
  const account = world.accounts.get(id.toLowerCase())
  if (!account) throw new Error(`there is no account ${id}`)
  return account
}

export const secretOf = ({ world }: TestAzure, name: string): StoredSecret | undefined =>
  world.vaults.get('keystile-local')?.secrets.get(name)
