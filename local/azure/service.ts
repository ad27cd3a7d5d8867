// What every service of the stand-in is given, and what Entra offers to the others.

import type { Minted, MintRequest } from './entra/mint-request.ts'
import type { World } from './world.ts'

export interface ServiceDeps {
  readonly world: World
  readonly entra: Entra
  /** One line for whoever watches the stand-in. Never a key, token or secret. */
  readonly log: (line: string) => void
}

/** Who a verified token speaks for. `name` is the seed's, or the object id where the seed does not know it. */
export interface Principal {
  readonly name: string
  readonly tenantId: string
  readonly objectId: string
  /** `appid` of a v1 token, `azp` of a v2 token. */
  readonly clientId: string
}

export type Verified =
  | { readonly kind: 'ok'; readonly principal: Principal }
  | { readonly kind: 'invalid' | 'expired' | 'wrong-audience' | 'wrong-tenant' }

/** The directory: it signs tokens, and says what a token is worth. */
export interface Entra {
  readonly tenantId: string
  /**
   * Signs a token of any kind, also a bad one on purpose.
   * @throws Error when the seed has no identity or caller of that name.
   */
  mint(request: MintRequest): Promise<Minted>
  /** Judges signature, lifetime, audience and tenant, in this order: the first that fails is the answer. */
  verify(token: string, audiences: readonly string[]): Promise<Verified>
  /** This start's client secret of a caller. @throws Error for a name that the seed does not have. */
  clientSecret(callerName: string): string
  /** `add` publishes a new key and signs with it from now on; `replace` also forgets the older ones. */
  rollKey(how: 'add' | 'replace'): Promise<void>
  /** The public keys, as the two key endpoints answer them. */
  publicKeys(): readonly Record<string, unknown>[]
}
