// What `npm start` leaves for the commands that talk to it: where things are, and this run's client secrets.

import { chmod, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { Registration } from './client.ts'

/** Everything local is kept here; git does not see it. */
export const localFolder = fileURLToPath(new URL('../.local', import.meta.url))

const runFile = join(localFolder, 'run.json')

const runSchema = z.object({
  vendorUrl: z.string(),
  rotatorUrl: z.string(),
  proxyUrl: z.string(),
  caFile: z.string(),
  tenantId: z.string(),
  audience: z.string(),
  callers: z.record(z.string(), z.object({ clientId: z.string(), clientSecret: z.string() })),
})

export type Run = z.output<typeof runSchema>

export async function writeRun(run: Run): Promise<void> {
  await writePrivate('run.json', JSON.stringify(run, undefined, 2))
}

/** A file that only its owner reads, in the local folder. @returns its path. */
export async function writePrivate(name: string, text: string): Promise<string> {
  const file = join(localFolder, name)
  await writeFile(file, text, { mode: 0o600 })
  await chmod(file, 0o600)
  return file
}

export const forgetRun = (): Promise<void> => rm(runFile, { force: true })

/** @throws Error that says what to do when nothing runs. */
export async function readRun(): Promise<Run> {
  try {
    return runSchema.parse(JSON.parse(await readFile(runFile, 'utf8')))
  } catch {
    throw new Error('nothing runs here: start it with `npm start` in another terminal')
  }
}

/** @throws Error naming the callers that there are. */
export function registrationOf({ callers, tenantId, audience }: Run, name: string): Registration {
  const caller = callers[name]
  if (!caller) throw new Error(`there is no caller ${name}; there are ${Object.keys(callers).join(', ')}`)
  return { tenantId, audience, ...caller }
}
