// Who calls an Azure service, and what that principal may do: role assignments from the seed, role contents from
// infra/roles.json, so that the stand-in authorises exactly what the templates deploy.

import { z } from 'zod'
import roleFile from '../../infra/roles.json' with { type: 'json' }
import type { Entra, Principal, Verified } from './service.ts'
import { bearerOf, type Call } from './wire.ts'
import type { World } from './world.ts'

const groups = z.record(z.string(), z.record(z.string(), z.array(z.string()))).parse(roleFile)

/** By name, such as `rotator.accounts`. */
const roles: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(groups).flatMap(([group, parts]) =>
    Object.entries(parts).map(([part, actions]): [string, readonly string[]] => [`${group}.${part}`, actions]),
  ),
)

export type Bearer = Verified | { readonly kind: 'missing' }

/**
 * Judges the bearer of a call, and notes whose it is when it is good.
 *
 * @param audiences What `aud` may be, each compared as it stands: a trailing slash counts.
 */
export async function readBearer(
  entra: Entra,
  { headers, caller }: Pick<Call, 'headers' | 'caller'>,
  audiences: readonly string[],
): Promise<Bearer> {
  if (!headers.authorization) return { kind: 'missing' }
  const token = bearerOf(headers)
  if (token === undefined) return { kind: 'invalid' }
  const verified = await entra.verify(token, audiences)
  if (verified.kind === 'ok') caller.name = verified.principal.name
  return verified
}

/** The actions of a role such as `rotator.accounts`. @throws Error for a name that infra/roles.json does not have. */
export function actionsOf(role: string): readonly string[] {
  const actions = roles.get(role)
  if (!actions) throw new Error(`infra/roles.json has no role ${role}`)
  return actions
}

/** Parts of infra/roles.json whose actions are data actions: no wildcard in them gives `listKeys`. */
const DATA_PARTS = ['vault', 'keylessAccounts']
export type Plane = 'control' | 'data'
const planeOf = (role: string): Plane => (DATA_PARTS.includes(role.split('.')[1] ?? '') ? 'data' : 'control')

/**
 * Whether an assignment at `scope`, or above it, gives the principal this action. Read anew at every call.
 *
 * @param plane ARM asks for actions, the services behind it for data actions; a grant of bare actions gives both.
 */
export function isAllowed(
  world: World,
  principal: Principal,
  { action, scope, plane }: { readonly action: string; readonly scope: string; readonly plane: Plane },
): boolean {
  const identity = world.seed.identities.find(({ objectId }) => sameText(objectId, principal.objectId))
  if (!identity) return false
  return identity.grants.some(
    (grant) =>
      contains(grant.scope, scope) &&
      (!('role' in grant) || planeOf(grant.role) === plane) &&
      ('role' in grant ? actionsOf(grant.role) : grant.actions).some((pattern) => actionFits(pattern, action)),
  )
}

const sameText = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

const segments = (id: string): string[] => id.toLowerCase().split('/').filter(Boolean)

/** Containment by whole path segments: `…/accounts/a` does not contain `…/accounts/ab`. */
function contains(outer: string, inner: string): boolean {
  const within = segments(inner)
  return segments(outer).every((segment, index) => within[index] === segment)
}

/** `*` stands for any text, as in Azure's own role definitions. */
function actionFits(pattern: string, action: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
  return new RegExp(`^${parts.join('.*')}$`, 'i').test(action)
}
