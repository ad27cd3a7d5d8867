// From a binding's `connection` to a client: the name of a setting that holds a storage connection string.

import { QueueServiceClient } from '@azure/storage-queue'
import { StartError } from './errors.ts'
import type { Env } from './settings.ts'

/**
 * @param connection The name of the setting; `AzureWebJobsStorage` when the binding names none. A name without its
 *   usual prefix `AzureWebJobs` is found as well.
 * @throws {StartError} When there is no such setting, or it is not a connection string. The value is not shown.
 */
export function connectQueues(connection: string | undefined, env: Env): QueueServiceClient {
  const name = connection || 'AzureWebJobsStorage'
  const value = env[`AzureWebJobs${name}`] ?? env[name]
  if (!value) {
    const identity = Object.keys(env).some((key) => key.startsWith(`${name}__`))
    throw new StartError(
      identity
        ? `the setting ${name}__… describes a connection by identity; this host needs a connection string in ${name}`
        : `the setting ${name} is missing: it must hold a storage connection string, or UseDevelopmentStorage=true`,
    )
  }
  try {
    // The poll loop has its own patience; the client's retries would only hide an outage from the log.
    return QueueServiceClient.fromConnectionString(value, { retryOptions: { maxTries: 2, tryTimeoutInMs: 10_000 } })
  } catch {
    throw new StartError(`the setting ${name} is not a storage connection string`)
  }
}
