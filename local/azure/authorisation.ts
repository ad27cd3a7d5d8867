// Who calls an Azure service, and what that principal may do: role assignments from the seed, role contents from
// infra/roles.json, so that the stand-in authorises exactly what the templates deploy.

import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'
import roleFile from '../../infra/roles.json' with { type: 'json' }
import type { Entra, Principal, Verified } from './service.ts'
import type { World } from './world.ts'

const groups = z.record(z.string(), z.record(z.string(), z.array(z.string()))).parse(roleFile)

/** By name, such as `rotator.accounts`. */
const roles: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(groups).flatMap(([group, parts]) =>
    Object.entries(parts).map(([part, actions]): [string, readonly string[]] => [`${group}.${part}`, actions]),
  ),
)

export type Bearer = Verified | { readonly kind: 'missing' }

/** @param audiences What `aud` may be, each compared as it stands: a trailing slash counts. */
export async function readBearer(
  entra: Entra,
  headers: Pick<IncomingHttpHeaders, 'authorization'>,
  audiences: string | readonly string[],
): Promise<Bearer> {
  const { authorization } = headers
  if (authorization === undefined || authorization === '') return { kind: 'missing' }
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1]
  if (token === undefined) return { kind: 'invalid' }
  return entra.verify(token, typeof audiences === 'string' ? [audiences] : audiences)
}

/** The actions of a role such as `rotator.accounts`. @throws Error for a name that infra/roles.json does not have. */
export function actionsOf(role: string): readonly string[] {
  const actions = roles.get(role)
  if (!actions) throw new Error(`infra/roles.json has no role ${role}`)
  return actions
}

/** Whether an assignment at `scope`, or above it, gives the principal this action. Read anew at every call. */
export function isAllowed(world: World, principal: Principal, action: string, scope: string): boolean {
  const identity = world.seed.identities.find(({ objectId }) => sameText(objectId, principal.objectId))
  if (!identity) return false
  return identity.grants.some(
    (grant) =>
      contains(grant.scope, scope) &&
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
