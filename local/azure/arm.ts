// Microsoft.CognitiveServices/accounts on ARM: the five operations of contract A1.

import { z } from 'zod'
import { accountBody } from './arm/account-body.ts'
import { admit, requireAction, type Visit } from './arm/admission.ts'
import { createLimits } from './arm/limits.ts'
import { pageOf } from './arm/pages.ts'
import { badRequest, invalidAccountName, locked, noAccount, noResourceGroup } from './arm/refusals.ts'
import { isAllowed } from './authorisation.ts'
import { cloudOf, hostPattern } from './clouds.ts'
import { fingerprint } from './keys.ts'
import { accountNamePattern } from './seed.ts'
import type { ServiceDeps } from './service.ts'
import type { Answer, Call, Route } from './wire.ts'
import { type Account, accountId, makeKeyValue, type Slot } from './world.ts'

const provider = 'Microsoft.CognitiveServices'
const read = `${provider}/accounts/read`

export function armRoutes(deps: ServiceDeps): Route[] {
  const limits = createLimits(deps.world)
  const cloud = cloudOf(deps.world.seed)
  const inSubscription = `/subscriptions/:subscription/providers/${provider}/accounts`
  const inGroup = `/subscriptions/:subscription/resourceGroups/:group/providers/${provider}/accounts`
  const route = (
    name: string,
    method: Route['method'],
    path: string,
    operation: (deps: ServiceDeps, visit: Visit) => Answer,
  ): Route => ({
    name: `arm.${name}`,
    method,
    hosts: hostPattern(cloud.arm),
    path,
    handle: (call) => admit(deps, limits, call, (visit) => operation(deps, visit)),
  })
  return [
    route('listAccounts', 'GET', inSubscription, listAccounts),
    route('listAccountsOfGroup', 'GET', inGroup, listAccountsOfGroup),
    route('getAccount', 'GET', `${inGroup}/:account`, getAccount),
    route('listKeys', 'POST', `${inGroup}/:account/listKeys`, listKeys),
    route('regenerateKey', 'POST', `${inGroup}/:account/regenerateKey`, regenerateKey),
  ]
}

function listAccounts(deps: ServiceDeps, { call, principal, subscription }: Visit): Answer {
  const scope = `/subscriptions/${subscription.id}`
  return list(deps, principal, call, scope)
}

function listAccountsOfGroup(deps: ServiceDeps, { call, principal, subscription }: Visit): Answer {
  const asked = call.params.group ?? ''
  const scope = `/subscriptions/${subscription.id}/resourceGroups/${asked}`
  if (hasGroup(subscription, asked)) return list(deps, principal, call, scope)
  requireAction(deps, principal, read, scope)
  throw noResourceGroup(asked)
}

/** Shows what the principal may read; who may read nothing there at all is refused. */
function list(deps: ServiceDeps, principal: Visit['principal'], call: Call, scope: string): Answer {
  const { world } = deps
  const prefix = `${scope}/`.toLowerCase()
  const readable = [...world.accounts.values()].filter(
    ({ id }) =>
      id.toLowerCase().startsWith(prefix) && isAllowed(world, principal, { action: read, scope: id, plane: 'control' }),
  )
  if (readable.length === 0) requireAction(deps, principal, read, scope)
  return { status: 200, body: pageOf(readable, call, world) }
}

function getAccount(deps: ServiceDeps, visit: Visit): Answer {
  const account = enter(deps, visit, read)
  return { status: 200, body: accountBody(cloudOf(deps.world.seed), account), details: { account: account.name } }
}

function listKeys(deps: ServiceDeps, visit: Visit): Answer {
  const account = enter(deps, visit, `${provider}/accounts/listKeys/action`)
  if (account.readOnlyLock) throw locked(account)
  // Verbatim (contract A4).
  if (account.disableLocalAuth) throw badRequest('Failed to list key. disableLocalAuth is set to be true')
  return { status: 200, body: keysOf(account), details: { account: account.name } }
}

function regenerateKey(deps: ServiceDeps, visit: Visit): Answer {
  const account = enter(deps, visit, `${provider}/accounts/regenerateKey/action`)
  if (account.readOnlyLock) throw locked(account)
  const slot = slotOf(visit.call.body)
  if (account.disableLocalAuth) throw badRequest('disableLocalAuth is set to be true')
  const { world } = deps
  const value = makeKeyValue(account.keyLength)
  const worksFrom = world.now() + world.switches.propagationSeconds * 1000
  const was = fingerprint(account.keys[slot].value)
  // The old key dies here, at once (contract fact 3).
  account.keys = { ...account.keys, [slot]: { value, worksFrom } }
  const details = { account: account.name, event: 'regenerated', slot, was, fingerprint: fingerprint(value), worksFrom }
  return { status: 200, body: keysOf(account), details }
}

const keysOf = ({ keys }: Account) => ({ key1: keys.key1.value, key2: keys.key2.value })

const regenerateBody = z.object({ keyName: z.string() })

/** The case of the name counts (contract A2). @throws Refusal 400 */
function slotOf(body: Buffer): Slot {
  const parsed = regenerateBody.safeParse(parseJson(body))
  if (!parsed.success) throw badRequest('The request body is invalid: keyName is required.')
  const { keyName } = parsed.data
  if (keyName === 'Key1') return 'key1'
  if (keyName === 'Key2') return 'key2'
  throw badRequest(`The key name '${keyName}' is invalid. Valid values are 'Key1' and 'Key2'.`)
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

/**
 * Checks the right first, so that nobody learns what exists from a refusal; then group, name and account.
 *
 * @throws Refusal 403, 404 or 400
 */
function enter(deps: ServiceDeps, { call, principal, subscription }: Visit, action: string): Account {
  const { group = '', account: name = '' } = call.params
  const id = accountId(subscription.id, group, name)
  requireAction(deps, principal, action, id)
  if (!hasGroup(subscription, group)) throw noResourceGroup(group)
  if (!accountNamePattern.test(name)) throw invalidAccountName()
  const account = deps.world.accounts.get(id.toLowerCase())
  if (!account) throw noAccount(name, group)
  return account
}

const hasGroup = ({ resourceGroups }: Visit['subscription'], name: string): boolean =>
  resourceGroups.some((group) => group.toLowerCase() === name.toLowerCase())
