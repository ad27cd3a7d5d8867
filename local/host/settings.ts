// local.settings.json: values that become environment variables, and the host's own CORS and port.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { StartError } from './errors.ts'

export type Env = Record<string, string | undefined>

export interface LocalSettings {
  readonly values: Readonly<Record<string, string>>
  readonly port: number | undefined
  readonly corsOrigins: readonly string[]
  readonly corsCredentials: boolean
}

const FILE = 'local.settings.json'

const schema = z.object({
  IsEncrypted: z.boolean().default(false),
  Values: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)).default({}),
  Host: z
    .object({
      LocalHttpPort: z.int().min(0).max(65_535).optional(),
      CORS: z.string().default(''),
      CORSCredentials: z.boolean().default(false),
    })
    .prefault({}),
})

/**
 * Reads the file next to host.json. A missing file is an empty one.
 *
 * @throws {StartError} When the file is encrypted, is not JSON or does not fit. Names fields, never values.
 */
export function readLocalSettings(root: string): LocalSettings {
  const path = join(root, FILE)
  if (!existsSync(path)) return parseLocalSettings('{}')
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    throw new StartError(`${FILE} cannot be read`)
  }
  return parseLocalSettings(text)
}

/** @throws {StartError} See {@link readLocalSettings}. */
export function parseLocalSettings(text: string): LocalSettings {
  let json: unknown
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    throw new StartError(`${FILE} is not JSON`)
  }
  const parsed = schema.safeParse(json)
  if (!parsed.success) {
    const where = parsed.error.issues.map((issue) => issue.path.join('.') || '(root)')
    throw new StartError(`${FILE} does not fit: ${where.join(', ')}`)
  }
  const { IsEncrypted, Values, Host } = parsed.data
  if (IsEncrypted) throw new StartError(`${FILE} is encrypted; decrypt it first with: func settings decrypt`)
  return {
    values: Values,
    port: Host.LocalHttpPort,
    corsOrigins: parseOrigins(Host.CORS),
    corsCredentials: Host.CORSCredentials,
  }
}

/** @returns The names that were left alone because the environment has them already: it wins. */
export function applyValues(values: Readonly<Record<string, string>>, env: Env): readonly string[] {
  const kept: string[] = []
  for (const [name, value] of Object.entries(values)) {
    if (env[name] === undefined) env[name] = value
    else kept.push(name)
  }
  return kept
}

/** @param list Origins separated by commas, or `*`. A trailing slash is dropped: browsers send none. */
export function parseOrigins(list: string): readonly string[] {
  return list
    .split(',')
    .map((origin) => origin.trim().replace(/\/$/, ''))
    .filter((origin) => origin !== '')
}

/**
 * Replaces each `%NAME%` by the setting of that name.
 *
 * @throws {StartError} When a setting is missing, with its name.
 */
export function resolvePercents(text: string, env: Env): string {
  return text.replaceAll(/%([^%]+)%/g, (_all, name: string) => {
    const value = env[name]
    if (value === undefined) throw new StartError(`'%${name}%' does not resolve to a value: set ${name}`)
    return value
  })
}
