// A vault of the scene with the unmodified client, and what its tests share.

import { SecretClient } from '@azure/keyvault-secrets'
import { z } from 'zod'
import { useAzure } from './scene.ts'

export const vaultUrl = 'https://vault-a.vault.azure.net'
export const apiVersion = 'api-version=2026-04-01'
/** The client's pollers wait two seconds between looks unless told otherwise. */
export const quick = { intervalInMs: 20 }

/** Use it at the top of a test file; `officer` has every right. */
export function useVault() {
  const azure = useAzure()
  const clientFor = (identity: string) =>
    new SecretClient(vaultUrl, azure.credential(identity), { retryOptions: { maxRetries: 0 } })
  let officer: SecretClient | undefined
  let count = 0

  return {
    azure,
    clientFor,
    get officer(): SecretClient {
      officer ??= clientFor('officer')
      return officer
    },
    /** A name of its own for each use, so that no test meets another's secret. */
    freshName: () => `Secret-${++count}`,
    /** For calls by `fetch`. */
    async bearer(resource = 'https://vault.azure.net', spoilt: Parameters<typeof azure.token>[2] = {}) {
      return { authorization: `Bearer ${await azure.token('officer', resource, spoilt)}` }
    },
  }
}

const refused = z.looseObject({
  statusCode: z.number(),
  code: z.string(),
  details: z
    .looseObject({ error: z.looseObject({ innerError: z.looseObject({ code: z.string() }).nullish() }) })
    .optional(),
})

/** Status, code and inner code of a refused call: what a client may rely on. The client drops the inner one of lists. */
export async function refusalOf(work: Promise<unknown>) {
  const reason = await work.then(
    () => 'it was not refused',
    (error: unknown) => error,
  )
  const { statusCode, code, details } = refused.parse(reason)
  return [statusCode, code, details?.error.innerError?.code]
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}
