// The poison queues: where the Functions host parks a message that failed too often.

import type { TokenCredential } from '@azure/identity'
import type { QueueClient } from '@azure/storage-queue'
import { readFailure, sanitize } from '../src/azure/errors.ts'
import { openQueue } from '../src/azure/message-queue.ts'
import type { StorageConnection } from '../src/azure/storage.ts'
import { AppError } from '../src/common/errors.ts'
import { CHECKS_QUEUE, NEAR_EXPIRY_QUEUE, REQUESTS_QUEUE } from '../src/config.ts'
import type { QueueName } from './words.ts'

const ORIGINS: Readonly<Record<QueueName, string>> = {
  checks: CHECKS_QUEUE,
  requests: REQUESTS_QUEUE,
  'near-expiry': NEAR_EXPIRY_QUEUE,
}
/** The most that one call brings. */
export const MOST = 32
/** How long a message that is being looked at stays hidden from others who retry. */
const HIDDEN_SECONDS = 300
const FOR_EVER = -1
/** A person waits. */
const retryOptions = { maxTries: 2, tryTimeoutInMs: 10_000, retryDelayInMs: 500 }
const NO_IDENTITY = new Set(['CredentialUnavailableError', 'AggregateAuthenticationError'])
const bound = () => ({ abortSignal: AbortSignal.timeout(20_000) })

export interface Parked {
  readonly id: string
  /** As it is on the queue. */
  readonly text: string
  readonly parkedAt: Date
  readonly dequeueCount: number
}

export interface ParkedMessages {
  /** The oldest ones, {@link MOST} at the most, left as they are; `total` is how many the queue has, about. */
  peek(): Promise<{ readonly messages: readonly Parked[]; readonly total: number }>
  /**
   * Puts messages back on the queue that they came from, byte for byte, and then deletes them here. Ended between the
   * two, a message is on both queues, which is harmless: the app carries out twice what it carries out once.
   *
   * @param wanted the others are left.
   * @param onRetried is called for each one that was put back.
   */
  retry(wanted: (parked: Parked) => boolean, onRetried: (parked: Parked) => void): Promise<void>
}

/** @throws AppError of every method, where the storage refuses or does not answer. */
export function parkedMessages(
  storage: StorageConnection,
  credential: TokenCredential,
  queue: QueueName,
): ParkedMessages {
  const name = ORIGINS[queue]
  const open = (queueName: string) => openQueue({ storage, name: queueName }, credential, { retryOptions })
  const [origin, poison] = [open(name), open(`${name}-poison`)]
  // The host makes a poison queue with the first message that it parks.
  const exists = () => poison.exists(bound())
  return {
    peek: () => told(`look at ${poison.name}`, async () => ((await exists()) ? peek(poison) : NOTHING)),
    retry: (wanted, onRetried) =>
      told(`put back what ${poison.name} has`, async () => {
        if (await exists()) await retry({ origin, poison }, wanted, onRetried)
      }),
  }
}

const NOTHING = { messages: [], total: 0 }

async function peek(poison: QueueClient) {
  const { peekedMessageItems } = await poison.peekMessages({ numberOfMessages: MOST, ...bound() })
  const { approximateMessagesCount = 0 } = await poison.getProperties(bound())
  return {
    messages: peekedMessageItems.map(toParked),
    total: Math.max(approximateMessagesCount, peekedMessageItems.length),
  }
}

async function retry(
  { origin, poison }: { readonly origin: QueueClient; readonly poison: QueueClient },
  wanted: Parameters<ParkedMessages['retry']>[0],
  onRetried: Parameters<ParkedMessages['retry']>[1],
): Promise<void> {
  const left: { readonly id: string; readonly receipt: string }[] = []
  try {
    for (;;) {
      const options = { numberOfMessages: MOST, visibilityTimeout: HIDDEN_SECONDS, ...bound() }
      const { receivedMessageItems } = await poison.receiveMessages(options)
      if (receivedMessageItems.length === 0) return
      for (const message of receivedMessageItems) {
        const { messageId: id, popReceipt: receipt, messageText } = message
        if (!wanted(toParked(message))) {
          left.push({ id, receipt })
          continue
        }
        await origin.sendMessage(messageText, { messageTimeToLive: FOR_EVER, ...bound() })
        await poison.deleteMessage(id, receipt, bound()).catch((error: unknown) => {
          // The client tries twice: the answer to the first may have been lost.
          if (readFailure(error).status !== 404) throw error
        })
        onRetried(toParked(message))
      }
    }
  } finally {
    // Best effort: what stays hidden shows again by itself.
    for (const { id, receipt } of left)
      await poison.updateMessage(id, receipt, undefined, 0, bound()).catch(() => undefined)
  }
}

interface Item {
  readonly messageId: string
  readonly messageText: string
  readonly insertedOn: Date
  readonly dequeueCount: number
}

const toParked = ({ messageId: id, messageText: text, insertedOn: parkedAt, dequeueCount }: Item): Parked => ({
  id,
  text,
  parkedAt,
  dequeueCount,
})

async function told<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Error && NO_IDENTITY.has(error.name))
      throw new AppError('upstream_refused', 'nobody is signed in to Azure here: `az login`')
    throw sanitize(doing, error)
  }
}
