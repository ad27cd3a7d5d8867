// Our own identity, with an end to each wait for it.

import type { AccessToken, GetTokenOptions, TokenCredential } from '@azure/identity'
import { AppError } from '../common/errors.ts'

const TIMEOUT_MS = 10_000

/**
 * A managed identity takes no notice of an abort signal, and the clients of one process share one refresh: an answer
 * that is lost would leave all of them waiting for ever. Here the wait ends, and the next call asks anew.
 *
 * @param timeoutMs milliseconds.
 * @throws AppError `upstream_unreachable` from `getToken` after that time.
 */
export const boundedCredential = (credential: TokenCredential, timeoutMs = TIMEOUT_MS): TokenCredential => ({
  async getToken(scopes: string | string[], options?: GetTokenOptions): Promise<AccessToken | null> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      const error = new AppError('upstream_unreachable', 'ask for a token of our own identity: no answer (timeout)')
      timer = setTimeout(() => reject(error), timeoutMs)
    })
    try {
      return await Promise.race([credential.getToken(scopes, options), late])
    } finally {
      clearTimeout(timer)
    }
  },
})
