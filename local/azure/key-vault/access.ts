// Who may do what in a vault: the challenge, then the role assignments (contract B3 and B4).

import { isAllowed, readBearer } from '../authorisation.ts'
import { cloudOf } from '../clouds.ts'
import type { ServiceDeps } from '../service.ts'
import { type Call, Refusal } from '../wire.ts'
import type { Vault, World } from '../world.ts'
import { challenge, forbiddenByRbac } from './answers.ts'

const secrets = 'Microsoft.KeyVault/vaults/secrets'

/** The data action that each right is; `delete` alone is not named like an action (contract B4). */
export const dataActions = {
  setSecret: `${secrets}/setSecret/action`,
  getSecret: `${secrets}/getSecret/action`,
  readMetadata: `${secrets}/readMetadata/action`,
  update: `${secrets}/update/action`,
  delete: `${secrets}/delete`,
  recover: `${secrets}/recover/action`,
  purge: `${secrets}/purge/action`,
} as const

export type Right = keyof typeof dataActions

/** A vault that does not exist has no address in reality, so no client could see this 404. @throws Refusal */
export function vaultOf(world: World, { host }: Pick<Call, 'host'>): Vault {
  const name = host.slice(0, host.indexOf('.'))
  const vault = world.vaults.get(name)
  if (!vault) throw new Refusal({ status: 404, body: `no vault is called ${name}` })
  return vault
}

/**
 * Lets the call through if its bearer may do this.
 *
 * @param secret Name of the secret; absent for lists of the whole vault. A grant for the vault covers its secrets.
 * @throws Refusal 401 with a challenge for a missing or bad bearer, 403 ForbiddenByRbac for a missing right.
 */
export async function authorise(deps: ServiceDeps, call: Call, vault: Vault, right: Right, secret?: string) {
  const { world, entra } = deps
  const bearer = await readBearer(entra, call, [`https://${cloudOf(world.seed).keyVault}`])
  if (bearer.kind === 'missing') throw challenge(world.seed)
  if (bearer.kind !== 'ok') throw challenge(world.seed, `AKV10032: the token is not good here: ${bearer.kind}`)
  const action = dataActions[right]
  const scope = secret === undefined ? vault.id : `${vault.id}/secrets/${secret}`
  if (!isAllowed(world, bearer.principal, { action, scope, plane: 'data' })) throw forbiddenByRbac(action, scope, vault)
}
