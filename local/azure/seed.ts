// The one file that says what exists in the stand-in at its start. It holds no secret: keys and client secrets are
// made at random at every start.

import { z } from 'zod'
import { cloudNames } from './clouds.ts'

const guid = z.guid()

/** 2 to 64 characters (contract A1). */
export const accountNamePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,63}$/

const account = z.strictObject({
  subscription: guid,
  resourceGroup: z.string().min(1),
  name: z.string().regex(accountNamePattern),
  kind: z.string(),
  sku: z.string().default('S0'),
  /** Echoed as given, like the service does (contract A2): `West US 2` is as good as `westus2`. */
  location: z.string(),
  customSubDomain: z.string().optional(),
  tags: z.record(z.string(), z.string()).default({}),
  disableLocalAuth: z.boolean().optional(),
  /** A ReadOnly lock on the account: it blocks every POST, and so listKeys and regenerateKey (contract A4). */
  readOnlyLock: z.boolean().optional(),
  provisioningState: z.string().default('Succeeded'),
  keyLength: z.union([z.literal(32), z.literal(84)]).default(84),
})

const identity = z.strictObject({
  name: z.string(),
  clientId: guid,
  objectId: guid,
  /** `role` names a list in infra/roles.json (`rotator.accounts`); `scope` is an ARM id, and covers what is below it. */
  grants: z.array(
    z.union([
      z.strictObject({ scope: z.string(), role: z.string() }),
      z.strictObject({ scope: z.string(), actions: z.array(z.string()) }),
    ]),
  ),
})

/** An application that asks for tokens of the Keystile API with a client secret. */
const caller = z.strictObject({
  name: z.string(),
  clientId: guid,
  objectId: guid,
  /** App roles of the API, such as `Token.Issue.speech-west`. */
  roles: z.array(z.string()),
})

export const seedSchema = z.strictObject({
  /** Which cloud of Azure this is: the names of all hosts follow. */
  cloud: z.enum(cloudNames).default('public'),
  tenantId: guid,
  /** The app registration that callers get tokens for. `tokenVersion` is its requestedAccessTokenVersion. */
  api: z.strictObject({ clientId: guid, appIdUri: z.string(), tokenVersion: z.union([z.literal(1), z.literal(2)]) }),
  subscriptions: z.array(z.strictObject({ id: guid, resourceGroups: z.array(z.string()) })),
  vaults: z.array(
    z.strictObject({ name: z.string(), subscription: guid, resourceGroup: z.string(), location: z.string() }),
  ),
  accounts: z.array(account),
  identities: z.array(identity),
  callers: z.array(caller),
})

export type Seed = z.output<typeof seedSchema>
export type SeedInput = z.input<typeof seedSchema>
