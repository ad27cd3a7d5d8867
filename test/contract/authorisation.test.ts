// How the stand-in decides what an identity may do: scopes, wildcards, and the roles of infra/roles.json.

import roles from '../../infra/roles.json' with { type: 'json' }
import { actionsOf, isAllowed, type Plane } from '../../local/azure/authorisation.ts'
import type { Seed } from '../../local/azure/seed.ts'
import type { Principal } from '../../local/azure/service.ts'
import { createWorld } from '../../local/azure/world.ts'
import { demoSeed } from '../support/azure.ts'

const seed = demoSeed()
const sub = `/subscriptions/${seed.subscriptions[0]?.id}`
const account = `${sub}/resourceGroups/ai/providers/Microsoft.CognitiveServices/accounts/speech-west`
const read = 'Microsoft.CognitiveServices/accounts/read'
const listKeys = 'Microsoft.CognitiveServices/accounts/listKeys/action'

type Grant = Seed['identities'][number]['grants'][number]

/** Whether an identity with these grants alone may act on the account, or on what `scope` names. */
function mayWith(grants: Grant[], action: string, { scope = account, plane = 'control' as Plane } = {}): boolean {
  const [identity] = seed.identities
  if (!identity) throw new Error('the seed has no identity')
  const world = createWorld({ ...seed, identities: [{ ...identity, grants }] })
  const { name, objectId, clientId } = identity
  const principal: Principal = { name, objectId, clientId, tenantId: seed.tenantId }
  return isAllowed(world, principal, { action, scope, plane })
}

test.each([
  ['the scope itself', account, true],
  ['the scope in another case', account.toUpperCase(), true],
  ['its resource group', `${sub}/resourceGroups/AI`, true],
  ['its subscription', sub, true],
  ['a sibling', `${account}-2`, false],
  ['a beginning of its name', account.slice(0, -1), false],
  ['what is below it', `${account}/deployments/x`, false],
  ['another subscription', '/subscriptions/00000000-0000-4000-8000-000000000000', false],
])('a grant at %s: %s allows it: %s', (_, scope, allowed) => {
  expect(mayWith([{ scope, actions: [read] }], read)).toBe(allowed)
})

test.each([
  [read, read, true],
  [read.toUpperCase(), read, true],
  ['Microsoft.CognitiveServices/*', listKeys, true],
  ['Microsoft.CognitiveServices/*/read', read, true],
  ['Microsoft.CognitiveServices/*/read', listKeys, false],
  ['*', listKeys, true],
  [read, listKeys, false],
  ['Microsoft.CognitiveServices/accounts', read, false],
  ['Microsoft.KeyVault/*', read, false],
  ['Microsoft?CognitiveServices/accounts/read', read, false],
])('the action %s gives %s: %s', (granted, wanted, allowed) => {
  expect(mayWith([{ scope: sub, actions: [granted] }], wanted)).toBe(allowed)
})

test('a role gives what infra/roles.json says, and nothing else', () => {
  expect(actionsOf('rotator.accounts')).toEqual(roles.rotator.accounts)
  const grants: Grant[] = [{ scope: account, role: 'rotator.accounts' }]
  expect(mayWith(grants, listKeys)).toBe(true)
  expect(mayWith(grants, read)).toBe(false)
})

test('data actions of a role are no actions: whoever may use an account without a key may not list its keys', () => {
  const grants: Grant[] = [{ scope: account, role: 'vendor.keylessAccounts' }]
  expect(mayWith(grants, listKeys)).toBe(false)
  expect(mayWith(grants, 'Microsoft.CognitiveServices/accounts/SpeechServices/issuetoken/action')).toBe(false)
  const issueToken = 'Microsoft.CognitiveServices/accounts/SpeechServices/issuetoken/action'
  expect(mayWith(grants, issueToken, { plane: 'data' })).toBe(true)
})

test.each(['rotator', 'rotator.everything', 'rotator.accounts.more', 'constructor.name', ''])(
  'there is no role %j',
  (role) => {
    expect(() => actionsOf(role)).toThrow('infra/roles.json')
  },
)

test('somebody whom the seed does not know may do nothing', () => {
  const stranger: Principal = { name: 'stranger', objectId: 'stranger', clientId: '', tenantId: seed.tenantId }
  expect(isAllowed(createWorld(seed), stranger, { action: read, scope: account, plane: 'control' })).toBe(false)
})

test('what was granted can be taken away while it runs', () => {
  const world = createWorld(demoSeed())
  const [rotator] = world.seed.identities
  if (!rotator) throw new Error('the seed has no identity')
  const { name, objectId, clientId } = rotator
  const principal: Principal = { name, objectId, clientId, tenantId: seed.tenantId }
  expect(isAllowed(world, principal, { action: listKeys, scope: account, plane: 'control' })).toBe(true)
  rotator.grants = rotator.grants.filter((grant) => !('role' in grant) || grant.role !== 'rotator.accounts')
  expect(isAllowed(world, principal, { action: listKeys, scope: account, plane: 'control' })).toBe(false)
})
