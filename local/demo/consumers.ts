// Who uses the accounts while they rotate: callers with vended tokens, and an application that reads its key from
// Key Vault and never heard of Keystile.

import { setTimeout as sleep } from 'node:timers/promises'
import { DefaultAzureCredential } from '@azure/identity'
import { SecretClient } from '@azure/keyvault-secrets'
import { callService, entraToken, type Registration, type Vended, vend } from '../client.ts'

export interface Target {
  readonly name: string
  readonly kind: string
  readonly region: string
  readonly subDomain?: string | undefined
}

/** Counts per account. A failure is a refused call, or a vend that gave no token. */
export interface Tally {
  vends: number
  calls: number
  readonly failures: string[]
}

export interface Consumer {
  readonly target: Target
  readonly tally: Tally
  /** Milliseconds between two calls. */
  readonly paceMs: number
  readonly signal: AbortSignal
}

/** Vends when its token says so, and calls the service with what it has. */
export async function runCaller(consumer: Consumer, vendorUrl: string, registration: Registration): Promise<void> {
  const { target, tally } = consumer
  let bearer: string | undefined
  let held: Vended | undefined
  await keepCalling(consumer, async () => {
    bearer ??= await entraToken(registration)
    if (held === undefined || Date.now() >= Date.parse(held.refresh_after)) {
      held = await vend(vendorUrl, target.name, bearer)
      tally.vends += 1
    }
    return callService(target, { kind: 'token', token: held.access_token })
  })
}

/** Reads the newest version every `rereadMs`, which is below the grace of a replaced key, and calls with that. */
export async function runKeyReader(consumer: Consumer, vaultUrl: string, rereadMs: number): Promise<void> {
  const client = new SecretClient(vaultUrl, new DefaultAzureCredential())
  let key = ''
  let readAt = Number.NEGATIVE_INFINITY
  await keepCalling(consumer, async () => {
    if (Date.now() - readAt >= rereadMs) {
      const { value = '' } = await client.getSecret(consumer.target.name)
      key = value
      readAt = Date.now()
    }
    return callService(consumer.target, { kind: 'key', key })
  })
}

async function keepCalling({ tally, paceMs, signal }: Consumer, call: () => Promise<number>): Promise<void> {
  while (!signal.aborted) {
    try {
      const status = await call()
      tally.calls += 1
      if (status !== 200) tally.failures.push(`the service answered ${status}`)
    } catch (error) {
      tally.failures.push(error instanceof Error ? error.message : 'not an error')
    }
    await sleep(paceMs)
  }
}
