// Applications that read an account's newest version and call its service with it, without pause, while it rotates.

import { setTimeout as sleep } from 'node:timers/promises'
import { callService } from '../../local/client.ts'
import { VAULT_URL } from './wired.ts'

export interface Consumed {
  /** Calls of the service that were accepted. */
  readonly calls: number
  /** Every call that was refused, and every read that failed. */
  readonly refused: readonly string[]
}

export interface Consumers {
  /** Calls that were accepted so far. */
  calls(): number
  stop(): Promise<Consumed>
}

export interface Applications {
  /** Where they read and what they are: an Entra token for Key Vault. */
  readonly token: string
  readonly secret: string
  /** Where the account is used. */
  readonly service: { readonly kind: string; readonly region: string; readonly subDomain?: string }
  /** For each application, how long it keeps a key before it reads again. It may be as long as grace. */
  readonly holdMs: readonly number[]
  /** Between two calls of one application. */
  readonly paceMs: number
}

export function startConsumers({ token, secret, service, holdMs, paceMs }: Applications): Consumers {
  const refused: string[] = []
  let calls = 0
  let stopped = false

  /** `undefined` while nothing is published yet. */
  const read = async (): Promise<string | undefined> => {
    const answer = await fetch(`${VAULT_URL}/secrets/${secret}?api-version=7.6`, {
      headers: { authorization: `Bearer ${token}` },
    })
    const body: unknown = await answer.json()
    if (answer.status === 404) return undefined
    const value = typeof body === 'object' && body !== null ? Reflect.get(body, 'value') : undefined
    if (typeof value !== 'string') throw new Error(`the vault answered ${answer.status}`)
    return value
  }
  const run = async (ms: number) => {
    let key: string | undefined
    let readAt = Number.NEGATIVE_INFINITY
    while (!stopped) {
      try {
        if (key === undefined || performance.now() - readAt >= ms) {
          readAt = performance.now()
          key = await read()
        }
        if (key !== undefined) {
          const status = await callService(service, { kind: 'key', key })
          if (status === 200) calls += 1
          else refused.push(`a key held for ${Math.round(performance.now() - readAt)} ms: ${status}`)
        }
      } catch (error) {
        refused.push(error instanceof Error ? error.message : 'not an error')
      }
      await sleep(paceMs)
    }
  }
  const running = holdMs.map(run)
  return {
    calls: () => calls,
    async stop() {
      stopped = true
      await Promise.all(running)
      return { calls, refused }
    },
  }
}
