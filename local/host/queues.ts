// Queue triggers: poll, hide, run, delete; a failed message comes again, and after too many failures is poison.

import type { DequeuedMessageItem, QueueClient, QueueServiceClient } from '@azure/storage-queue'
import { codeOf } from '../error-code.ts'
import { createBackoff, rest } from './backoff.ts'
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

const POISON = '-poison'
/** How long the end waits for the storage. */
const PATIENCE_MS = 1_000

/** Starts at once; while the storage does not answer it says so once and goes on trying. */
export function startQueueListener(given: QueueListenerOptions): QueueListener {
  const { service, queueName, options, log } = given
  const queue = service.getQueueClient(queueName)
  // As in the real host, what fails in a poison queue has nowhere else to go.
  const poison = queueName.endsWith(POISON) ? undefined : service.getQueueClient(`${queueName}${POISON}`)
  const stopping = new AbortController()
  /** Cuts a request that is not answered: one that is brings messages, which are hidden already and must be run. */
  const cutting = new AbortController()
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
      abortSignal: cutting.signal,
    })
    for (const message of receivedMessageItems) {
      const work = processMessage(message, queue, poison, given)
        .catch((err: unknown) => log('error', `message ${message.messageId} of ${queueName}: ${explain(err)}`))
        .finally(() => inWork.delete(work))
      inWork.add(work)
    }
    await rest(backoff.next(receivedMessageItems.length > 0), stopping.signal)
  }

  const loop = async () => {
    let exists = false
    while (!stopping.signal.aborted) {
      try {
        if (!exists) await queue.createIfNotExists({ abortSignal: cutting.signal })
        exists = true
        await poll()
        if (failing) log('information', `queue ${queueName} answers again`)
        failing = false
      } catch (err) {
        if (stopping.signal.aborted) return
        exists = false
        if (!failing) log('error', `queue ${queueName} does not answer: ${explain(err)}`)
        failing = true
        await rest(backoff.next(false), stopping.signal)
      }
    }
  }

  const ended = loop()
  return {
    async stop() {
      stopping.abort()
      const late = setTimeout(() => cutting.abort(), PATIENCE_MS)
      await ended
      clearTimeout(late)
      await Promise.all(inWork)
    },
  }
}

async function processMessage(
  message: DequeuedMessageItem,
  queue: QueueClient,
  poison: QueueClient | undefined,
  { options, visibilitySeconds = 600, run, log }: QueueListenerOptions,
): Promise<void> {
  const { maxDequeueCount } = options
  const bury = async (popReceipt: string) => {
    // Left invisible: given back at once it would only fail again.
    if (!poison) return
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
  if (text === undefined || (poison && message.dequeueCount > maxDequeueCount)) return bury(message.popReceipt)

  const renewal = renewVisibility(message, queue, visibilitySeconds, log)
  const succeeded = await run({ string: text }, toTriggerMetadata(message, text))
  const popReceipt = await renewal.stop()
  if (succeeded) return unlessGone(queue.deleteMessage(message.messageId, popReceipt))
  if (!poison || message.dequeueCount >= maxDequeueCount) return bury(popReceipt)
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
    const code = codeOf(err)
    if (code !== 'PopReceiptMismatch' && code !== 'MessageNotFound') throw err
  }
}

function explain(err: unknown): string {
  if (!(err instanceof Error)) return String(err)
  const code = codeOf(err)
  return `${err.name}${typeof code === 'string' ? ` ${code}` : ''}: ${err.message.split('\n', 1)[0]}`
}
