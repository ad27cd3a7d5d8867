// A queue of messages to ourselves, over @azure/storage-queue.

import type { TokenCredential } from '@azure/identity'
import { QueueClient, QueueServiceClient, type StoragePipelineOptions } from '@azure/storage-queue'
import type { Outbox } from '../rotation/ports.ts'
import { readFailure, sanitize } from './errors.ts'
import type { StorageConnection } from './storage.ts'

const TIMEOUT_MS = 10_000
const FOR_EVER = -1

/** Where the queue is: in the host's storage, or at an address of its own (the rotator's storage, for a vendor). */
export type QueuePlace = { readonly storage: StorageConnection; readonly name: string } | { readonly url: string }

/** @throws AppError of `send` when the message may not have been taken. */
export function messageQueue<Message extends object>(place: QueuePlace, credential: TokenCredential): Outbox<Message> {
  const queue = openQueue(place, credential)
  const put = (text: string, delayMs: number) =>
    queue.sendMessage(text, {
      visibilityTimeout: Math.ceil(delayMs / 1_000),
      // The default is a week: a request that waits for grace, or a revoke, must not end by being forgotten.
      messageTimeToLive: FOR_EVER,
      abortSignal: AbortSignal.timeout(TIMEOUT_MS),
    })
  return {
    async send(message, delayMs = 0) {
      // What is on a queue travels as XML, which base64 survives whatever it says.
      const text = Buffer.from(JSON.stringify(message)).toString('base64')
      try {
        await put(text, delayMs).catch(async (error: unknown) => {
          // The host makes its queues when it starts to listen; whoever sends earlier makes them.
          if (readFailure(error).status !== 404) throw error
          await queue.createIfNotExists({ abortSignal: AbortSignal.timeout(TIMEOUT_MS) })
          await put(text, delayMs)
        })
      } catch (error) {
        throw sanitize('put a message on a queue', error)
      }
    },
  }
}

/** @param options of the client, such as its retries. Default: the SDK's. */
export function openQueue(
  place: QueuePlace,
  credential: TokenCredential,
  options: StoragePipelineOptions = {},
): QueueClient {
  if ('url' in place) return new QueueClient(place.url, credential, options)
  const { storage, name } = place
  const service =
    storage.kind === 'string'
      ? QueueServiceClient.fromConnectionString(storage.connectionString, options)
      : new QueueServiceClient(storage.queueUrl, credential, options)
  return service.getQueueClient(name)
}
