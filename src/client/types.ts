// What the client is given, and what it hands out.

/** What `@azure/identity` calls a TokenCredential, and what a few lines around MSAL.js make of it in a browser. */
export interface TokenCredentialLike {
  /** @returns an Entra access token for the Keystile API; `null` says that none can be had. It keeps its own cache. */
  getToken(
    scopes: string | string[],
    options?: { abortSignal?: AbortSignal },
  ): Promise<{ token: string; expiresOnTimestamp: number } | null>
}

/** Time as an argument. */
export interface ClientClock {
  /** Milliseconds that never go back; only differences mean anything. Default: `performance.now()`. */
  monotonic(): number
  /** Milliseconds since the epoch, as this machine has it. Default: `Date.now()`. */
  wall(): number
  sleep(milliseconds: number): Promise<void>
}

export interface TokenSourceOptions {
  /** Where the vendor is, such as `https://vend.contoso.example`. Plain http on loopback only: a bearer goes there. */
  readonly url: string
  /** The account's name at Keystile: letters, digits, hyphens. */
  readonly account: string
  readonly credential: TokenCredentialLike
  /** What the credential is asked for, such as `api://keystile/.default`. Default: none, for one that knows. */
  readonly scope?: string | string[]
  /** Longest time of one refresh with all its attempts, the credential's part included. Default 30,000 ms. */
  readonly deadlineMs?: number
  /** How often one refresh asks the vendor when it is throttled or gets no good answer. Default 3, at least 1. */
  readonly attempts?: number
  /** Default: the global one, looked up at each call. */
  readonly fetch?: typeof fetch
  readonly clock?: ClientClock
  /** From 0 to 1, 1 excluded. Default: `Math.random`. */
  readonly random?: () => number
}

/** A token of the account's token service, and where it is used. */
export interface ServiceToken {
  /** For `Authorization: Bearer`, or the Speech SDK's `fromAuthorizationToken`. */
  readonly token: string
  /** When it ends, on this machine's clock, however wrong that is. */
  readonly expiresAt: Date
  /** For Translator's `Ocp-Apim-Subscription-Region`, or the Speech SDK's `fromAuthorizationToken`. */
  readonly region: string
  /** Base address of the service, with a slash at its end. */
  readonly endpoint: string
  readonly account: string
}
