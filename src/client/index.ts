// `keystile/client`: tokens for an application, kept fresh. Needs nothing but `fetch`; for browsers and Node.

export { TokenRequestError } from './token-request-error.ts'
export { createTokenSource, type TokenSource } from './token-source.ts'
export type { ClientClock, ServiceToken, TokenCredentialLike, TokenSourceOptions } from './types.ts'
