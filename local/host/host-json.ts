// host.json: the settings of the host that this host honours; the others are left to the real one.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { StartError } from './errors.ts'
import type { LogLevels } from './log.ts'

export interface QueueOptions {
  /** Messages asked for at once, 1 to 32. */
  readonly batchSize: number
  /** The next batch is asked for as soon as no more than this many are being worked on. */
  readonly newBatchThreshold: number
  /** Failures after which a message goes to the poison queue. */
  readonly maxDequeueCount: number
  readonly maxPollingIntervalMs: number
  /** How long a failed message stays invisible. */
  readonly visibilityTimeoutSeconds: number
  readonly messageEncoding: 'base64' | 'none'
}

export interface HostJson {
  /** `undefined` when calls may last for ever (`"-1"`). */
  readonly functionTimeoutMs: number | undefined
  /** Without slashes around it; empty when functions live at the root. */
  readonly routePrefix: string
  readonly logLevels: LogLevels
  readonly queues: QueueOptions
}

const lowered = (value: unknown) => (typeof value === 'string' ? value.toLowerCase() : value)
const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text)
  if (ms !== undefined) return ms
  context.addIssue({ code: 'custom', message: 'must be a duration such as 00:00:30' })
  return z.NEVER
})
const level = z.preprocess(lowered, z.enum(['trace', 'debug', 'information', 'warning', 'error', 'critical', 'none']))

const schema = z.object({
  version: z.literal('2.0'),
  functionTimeout: z.union([z.literal('-1').transform(() => Number.POSITIVE_INFINITY), duration]).default(30 * 60_000),
  extensions: z
    .object({
      http: z.object({ routePrefix: z.string().default('api') }).prefault({}),
      queues: z
        .object({
          batchSize: z.int().min(1).max(32).default(16),
          newBatchThreshold: z.int().min(0).optional(),
          maxDequeueCount: z.int().min(1).default(5),
          maxPollingInterval: duration.pipe(z.number().min(100)).default(60_000),
          visibilityTimeout: duration.pipe(z.number().max(604_800_000)).default(0),
          messageEncoding: z.preprocess(lowered, z.enum(['base64', 'none'])).default('base64'),
        })
        .prefault({}),
    })
    .prefault({}),
  logging: z.object({ logLevel: z.record(z.string(), level).default({}) }).prefault({}),
})

/**
 * @param root The app's folder.
 * @throws {StartError} When host.json is missing, is not JSON, or has a setting that does not fit; all are named.
 */
export function readHostJson(root: string): HostJson {
  let text: string
  try {
    text = readFileSync(join(root, 'host.json'), 'utf8')
  } catch {
    throw new StartError(`no host.json in ${root}: is this the folder of a function app?`)
  }
  return parseHostJson(text)
}

/** @throws {StartError} See {@link readHostJson}. */
export function parseHostJson(text: string): HostJson {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new StartError('host.json is not JSON')
  }
  const parsed = schema.safeParse(json)
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || '(root)'} ${issue.message}`)
    throw new StartError(`host.json does not fit: ${problems.join('; ')}`)
  }
  const { functionTimeout, extensions, logging } = parsed.data
  const { newBatchThreshold, maxPollingInterval, visibilityTimeout, ...queues } = extensions.queues
  return {
    functionTimeoutMs: Number.isFinite(functionTimeout) ? functionTimeout : undefined,
    routePrefix: extensions.http.routePrefix.replaceAll(/^\/+|\/+$/g, ''),
    logLevels: logging.logLevel,
    queues: {
      ...queues,
      newBatchThreshold: newBatchThreshold ?? Math.floor(queues.batchSize / 2),
      maxPollingIntervalMs: maxPollingInterval,
      visibilityTimeoutSeconds: Math.round(visibilityTimeout / 1000),
    },
  }
}

/** @returns Milliseconds of `[d.]hh:mm:ss[.fraction]`, or `undefined` when the text is not one. */
export function parseDuration(text: string): number | undefined {
  const [, days = '0', hours, minutes, seconds] =
    /^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2}(?:\.\d{1,7})?)$/.exec(text) ?? []
  if (hours === undefined || minutes === undefined || seconds === undefined) return undefined
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) >= 60) return undefined
  return Math.round((((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000)
}
