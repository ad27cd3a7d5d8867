// Queue triggers: poll, hide, run, delete; a failed message comes again, and after too many failures is poison.

import type { DequeuedMessageItem, QueueClient, QueueServiceClient } from '@azure/storage-queue'
import { type Backoff, createBackoff } from './backoff.ts'
import type { TypedData } from './core-types.ts'
import type { QueueOptions } from './host-json.ts'
import { decodeMessage, toTriggerMetadata } from './queue-message.ts'

export interface QueueListenerOptions {
  readonly service: QueueServiceClient
  readonly queueName: string
  readonly options: QueueOptions
  /** How long a message that is being worked on stays invisible before it is renewed; 600 in the real host. */
  readonly visibilitySeconds?: number
  /** Calls the function. @returns Whether it succeeded; never rejects. */
  readonly run: (input: TypedData, triggerMetadata: Record<string, TypedData>) => Promise<boolean>
  readonly log: (level: 'warning' | 'error' | 'information', message: string) => void
}

export interface QueueListener {
  /** Asks for no more messages. @returns When those in work are done with, deleted or given back. */
  stop(): Promise<void>
}

/** Starts at once; while the storage does not answer it says so once and goes on trying. */
export function startQueueListener(given: QueueListenerOptions): QueueListener {
  const { service, queueName, options, log } = given
  const queue = service.getQueueClient(queueName)
  const poison = service.getQueueClient(`${queueName}-poison`)
  const stopping = new AbortController()
  const inWork = new Set<Promise<void>>()
  const backoff = createBackoff(options.maxPollingIntervalMs)
  let failing = false

  const poll = async () => {
    // Every message in work may end at any time and make room for the next batch.
    while (inWork.size > options.newBatchThreshold) await Promise.race(inWork)
    if (stopping.signal.aborted) return
    const { receivedMessageItems } = await queue.receiveMessages({
      numberOfMessages: options.batchSize,
      visibilityTimeout: given.visibilitySeconds ?? 600,
    })
    for (const message of receivedMessageItems) {
      const work = processMessage(message, queue, poison, given)
        .catch((err: unknown) => log('error', `message ${message.messageId} of ${queueName}: ${explain(err)}`))
        .finally(() => inWork.delete(work))
      inWork.add(work)
    }
    await pause(backoff, receivedMessageItems.length > 0, stopping.signal)
  }

  const loop = async () => {
    let exists = false
    while (!stopping.signal.aborted) {
      try {
        if (!exists) await queue.createIfNotExists()
        exists = true
        await poll()
        if (failing) log('information', `queue ${queueName} answers again`)
        failing = false
      } catch (err) {
        exists = false
        if (!failing) log('error', `queue ${queueName} does not answer: ${explain(err)}`)
        failing = true
        await pause(backoff, false, stopping.signal)
      }
    }
  }

  const ended = loop()
  return {
    async stop() {
      stopping.abort()
      await ended
      await Promise.all(inWork)
    },
  }
}

async function processMessage(
  message: DequeuedMessageItem,
  queue: QueueClient,
  poison: QueueClient,
  { options, visibilitySeconds = 600, run, log }: QueueListenerOptions,
): Promise<void> {
  const { maxDequeueCount } = options
  const bury = async (popReceipt: string) => {
    log(
      'warning',
      `Message has reached MaxDequeueCount of ${maxDequeueCount}. Moving message to queue '${poison.name}'.`,
    )
    await poison.createIfNotExists()
    await poison.sendMessage(message.messageText)
    await unlessGone(queue.deleteMessage(message.messageId, popReceipt))
  }
  const text = decodeMessage(message.messageText, options.messageEncoding)
  if (text === undefined) log('warning', 'Message decoding has failed! Check MessageEncoding settings.')
  // More deliveries than allowed: whoever had it before died with it, so it is not tried again.
  if (text === undefined || message.dequeueCount > maxDequeueCount) return bury(message.popReceipt)

  const renewal = renewVisibility(message, queue, visibilitySeconds, log)
  const succeeded = await run({ string: text }, toTriggerMetadata(message, text))
  const popReceipt = await renewal.stop()
  if (succeeded) return unlessGone(queue.deleteMessage(message.messageId, popReceipt))
  if (message.dequeueCount >= maxDequeueCount) return bury(popReceipt)
  await unlessGone(queue.updateMessage(message.messageId, popReceipt, undefined, options.visibilityTimeoutSeconds))
}

/** Keeps a message invisible for as long as it is worked on, from half of the time on. */
function renewVisibility(
  { messageId, popReceipt }: DequeuedMessageItem,
  queue: QueueClient,
  seconds: number,
  log: QueueListenerOptions['log'],
): { stop(): Promise<string> } {
  let receipt = popReceipt
  let pending = Promise.resolve()
  const renew = async () => {
    try {
      receipt = (await queue.updateMessage(messageId, receipt, undefined, seconds)).popReceipt ?? receipt
    } catch (err) {
      log('warning', `message ${messageId} of ${queue.name} could not be kept invisible: ${explain(err)}`)
    }
  }
  const timer = setInterval(() => {
    pending = pending.then(renew)
  }, seconds * 500)
  return {
    async stop() {
      clearInterval(timer)
      await pending
      return receipt
    },
  }
}

/** A message that somebody else took over or removed meanwhile needs nothing more. */
async function unlessGone(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (err) {
    const status = err instanceof Error && 'statusCode' in err ? err.statusCode : undefined
    if (status !== 404 && !(status === 400 && err instanceof Error && /PopReceiptMismatch/i.test(err.message)))
      throw err
  }
}

async function pause(backoff: Backoff, found: boolean, signal: AbortSignal): Promise<void> {
  const ms = backoff.next(found)
  if (ms === 0 || signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  signal.addEventListener('abort', () => resolve(), { once: true })
  await promise
  clearTimeout(timer)
}

function explain(err: unknown): string {
  if (!(err instanceof Error)) return String(err)
  const code = 'code' in err && typeof err.code === 'string' ? ` ${err.code}` : ''
  return `${err.name}${code}: ${err.message.split('\n', 1)[0]}`
}
