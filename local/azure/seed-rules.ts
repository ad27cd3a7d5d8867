// What must hold between the parts of a seed, beyond its shape. A seed that breaks a rule is an error at the start.

import { actionsOf } from './authorisation.ts'
import { type Seed, type SeedInput, seedSchema } from './seed.ts'

/** @throws Error that lists all problems at once, by field. */
export function parseSeed(input: SeedInput): Seed {
  const parsed = seedSchema.safeParse(input)
  if (!parsed.success) {
    throw seedError(parsed.error.issues.map(({ path, message }) => `${path.join('.') || '(root)'}: ${message}`))
  }
  const seed = parsed.data
  const problems = [...unknownPlaces(seed), ...unknownRoles(seed), ...doubles(seed)]
  if (problems.length > 0) throw seedError(problems)
  return seed
}

const seedError = (problems: readonly string[]) => new Error(`the seed does not fit: ${problems.join('; ')}`)

function unknownPlaces(seed: Seed): string[] {
  const groups = new Set(
    seed.subscriptions.flatMap(({ id, resourceGroups }) =>
      resourceGroups.map((group) => `${id}/${group}`.toLowerCase()),
    ),
  )
  return [...seed.accounts, ...seed.vaults]
    .filter(({ subscription, resourceGroup }) => !groups.has(`${subscription}/${resourceGroup}`.toLowerCase()))
    .map(({ name, resourceGroup }) => `${name}: its subscription has no resource group ${resourceGroup}`)
}

function unknownRoles(seed: Seed): string[] {
  return seed.identities.flatMap(({ name, grants }) =>
    grants.flatMap((grant) => {
      if (!('role' in grant)) return []
      try {
        actionsOf(grant.role)
        return []
      } catch (error) {
        return [`${name}: ${error instanceof Error ? error.message : 'unknown role'}`]
      }
    }),
  )
}

function doubles(seed: Seed): string[] {
  const kinds: [what: string, values: string[]][] = [
    [
      'account',
      seed.accounts.map(({ subscription, resourceGroup, name }) => `${subscription}/${resourceGroup}/${name}`),
    ],
    ['vault', seed.vaults.map(({ name }) => name)],
    ['subdomain', seed.accounts.flatMap(({ customSubDomain }) => customSubDomain ?? [])],
    ['name', [...seed.identities, ...seed.callers].map(({ name }) => name)],
    ['clientId', [...seed.identities, ...seed.callers].map(({ clientId }) => clientId)],
    ['objectId', [...seed.identities, ...seed.callers].map(({ objectId }) => objectId)],
  ]
  return kinds.flatMap(([what, values]) => {
    const lower = values.map((value) => value.toLowerCase())
    const twice = lower.filter((value, index) => lower.indexOf(value) !== index)
    return twice.map((value) => `${what} ${value} is there twice`)
  })
}
