// What a test, or the control API, may ask Entra to sign: good tokens, and every bad one.

import { z } from 'zod'

const common = {
  /** Header fields to add or replace; `null` removes one. */
  header: z.record(z.string(), z.unknown()).optional(),
  /** Claims to add or replace; `null` removes one. */
  claims: z.record(z.string(), z.unknown()).optional(),
  /** Life from now; negative is an expired token. Default: what Entra gives to this kind of token. */
  lifetimeSeconds: z.int().optional(),
  /**
   * `hs256` signs with the public key as the shared secret, `rs512` and `ps256` with the right key in a way that Entra
   * does not, `other-key` with a key that is not published.
   */
  sign: z.enum(['rs256', 'rs512', 'ps256', 'hs256', 'none', 'other-key']).default('rs256'),
}

const user = z.string().default('someone')

export const mintRequestSchema = z.discriminatedUnion('kind', [
  /** What the managed identity endpoint hands out: a v1 token for an Azure resource. */
  z.strictObject({ kind: z.literal('identity'), identity: z.string(), resource: z.string(), ...common }),
  /** What client credentials give for the Keystile API, or with `resource` for any other audience. */
  z.strictObject({ kind: z.literal('app'), caller: z.string(), resource: z.string().optional(), ...common }),
  /** A delegated token for the API: a user, through the application `caller`. */
  z.strictObject({
    kind: z.literal('user'),
    caller: z.string(),
    user,
    scopes: z.array(z.string()).default([]),
    roles: z.array(z.string()).default([]),
    ...common,
  }),
  /** An ID token: for the application `caller`, never for the API. With `forApi` its audience is the API all the same. */
  z.strictObject({ kind: z.literal('id'), caller: z.string(), user, forApi: z.boolean().default(false), ...common }),
])

export type MintRequest = z.input<typeof mintRequestSchema>
export type ParsedMintRequest = z.output<typeof mintRequestSchema>

export interface Minted {
  readonly token: string
  /** Epoch seconds. */
  readonly expires: number
}
