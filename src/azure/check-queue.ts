// The queue of checks, over @azure/storage-queue. Whatever is put there means "look at this account", nothing more.

import type { TokenCredential } from '@azure/identity'
import { QueueClient, QueueServiceClient } from '@azure/storage-queue'
import type { CheckQueue } from '../rotation/ports.ts'
import type { CheckRequests } from '../vending/ports.ts'
import { readFailure, sanitize } from './errors.ts'
import type { StorageConnection } from './storage.ts'

const TIMEOUT_MS = 10_000

/** Where the queue is: in the host's storage, or at an address of its own (the rotator's storage, for a vendor). */
export type QueuePlace = { readonly storage: StorageConnection } | { readonly url: string }

export function checkQueue(deps: {
  place: QueuePlace
  name: string
  credential: TokenCredential
}): CheckQueue & CheckRequests {
  const queue = open(deps)
  const send = (text: string, delayMs: number) =>
    queue.sendMessage(text, {
      visibilityTimeout: Math.ceil(delayMs / 1_000),
      abortSignal: AbortSignal.timeout(TIMEOUT_MS),
    })
  return {
    async ask(check: { readonly account: string } | { readonly secret: string }, delayMs: number = 0) {
      // host.json says `messageEncoding: base64`: producer and host must agree.
      const text = Buffer.from(JSON.stringify(check)).toString('base64')
      try {
        await send(text, delayMs).catch(async (error: unknown) => {
          // The host makes its queues when it starts to listen; whoever asks earlier makes them.
          if (readFailure(error).status !== 404) throw error
          await queue.createIfNotExists()
          await send(text, delayMs)
        })
      } catch (error) {
        throw sanitize('ask for a check', error)
      }
    },
  }
}

function open({
  place,
  name,
  credential,
}: {
  place: QueuePlace
  name: string
  credential: TokenCredential
}): QueueClient {
  if ('url' in place) return new QueueClient(place.url, credential)
  const { storage } = place
  const service =
    storage.kind === 'string'
      ? QueueServiceClient.fromConnectionString(storage.connectionString)
      : new QueueServiceClient(storage.queueUrl, credential)
  return service.getQueueClient(name)
}
