// What Key Vault takes in, and its limits (contract B2). Everything outside is 400 BadParameter.

import { z } from 'zod'
import { type Call, isDateVersion, mediaTypeOf } from '../wire.ts'
import { badParameter } from './answers.ts'

const maxValueBytes = 25 * 1024
const maxTags = 15

const attributes = z.object({
  enabled: z.boolean().nullish(),
  nbf: z.int().nonnegative().nullish(),
  exp: z.int().nonnegative().nullish(),
})

const properties = z.object({
  contentType: z.string().max(255).nullish(),
  tags: z
    .record(z.string().max(512), z.string().max(512))
    .refine((tags) => Object.keys(tags).length <= maxTags, `at most ${maxTags} tags`)
    .nullish(),
  attributes: attributes.nullish(),
})

const newSecret = properties.extend({
  value: z.string().refine((value) => Buffer.byteLength(value) <= maxValueBytes, 'at most 25 KB'),
})

export type SecretProperties = z.output<typeof properties>
export type NewSecret = z.output<typeof newSecret>

function parse<T>(schema: z.ZodType<T>, call: Call): T {
  if (mediaTypeOf(call) !== 'application/json') throw badParameter('The Content-Type must be application/json.')
  const parsed = schema.safeParse(readJson(call.body))
  if (parsed.success) return parsed.data
  const where = parsed.error.issues.map((issue) => issue.path.join('.') || 'body').join(', ')
  throw badParameter(`Property has invalid value: ${where}`)
}

function readJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw badParameter('The request body is not valid JSON.')
  }
}

/** The body of a set. @throws Refusal 400 */
export const parseNewSecret = (call: Call): NewSecret => parse(newSecret, call)

/** The body of an update of properties. @throws Refusal 400 */
export const parseProperties = (call: Call): SecretProperties => parse(properties, call)

/** @throws Refusal 400 unless the name has 1 to 127 of `0-9a-zA-Z-`. */
export function checkName(name: string): void {
  if (!/^[0-9a-zA-Z-]{1,127}$/.test(name)) throw badParameter('The request URI contains an invalid name.')
}

/** Any well-formed api-version will do: a date, or the older 7.x. @throws Refusal 400 */
export function requireApiVersion(call: Call): void {
  const version = call.query.get('api-version')
  if (!version || !(isDateVersion(version) || /^7\.\d{1,2}(-preview(\.\d{1,2})?)?$/.test(version)))
    throw badParameter('api-version must be specified')
}
