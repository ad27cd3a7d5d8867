// What `npm start` leaves for the commands that talk to it: where things are, and this run's client secrets.

import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { Registration } from './client.ts'

/** Everything local is kept here; git does not see it. */
export const localFolder = fileURLToPath(new URL('../.local', import.meta.url))

const runFile = join(localFolder, 'run.json')
const humanFile = join(localFolder, 'human.env')

/** Makes the folder, which holds secrets of the run, for its owner alone. */
export async function openLocalFolder(): Promise<void> {
  await mkdir(localFolder, { recursive: true, mode: 0o700 })
  await chmod(localFolder, 0o700)
}

const runSchema = z.object({
  vendorUrl: z.string(),
  rotatorUrl: z.string(),
  queueUrl: z.string(),
  proxyUrl: z.string(),
  caFile: z.string(),
  controlUrl: z.string(),
  /** What the header `x-keystile-control` must say there. */
  controlKey: z.string(),
  tenantId: z.string(),
  audience: z.string(),
  callers: z.record(z.string(), z.object({ clientId: z.string(), clientSecret: z.string() })),
})

export type Run = z.output<typeof runSchema>

export const writeRun = (run: Run): Promise<void> => writePrivate(runFile, JSON.stringify(run, undefined, 2))

/** An environment to source in a shell. @returns the path of its file. */
export async function writeHumanEnv(variables: Readonly<Record<string, string>>): Promise<string> {
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}='${value}'\n`)
  await writePrivate(humanFile, lines.join(''))
  return humanFile
}

/** A file that only its owner reads. */
async function writePrivate(file: string, text: string): Promise<void> {
  await writeFile(file, text, { mode: 0o600 })
  await chmod(file, 0o600)
}

/** Takes away what the run left; the commands that talk to it then say that nothing runs. */
export async function forgetRun(): Promise<void> {
  for (const file of [runFile, humanFile]) await rm(file, { force: true })
}

/** @throws Error that says what to do when nothing runs. */
export async function readRun(): Promise<Run> {
  try {
    return runSchema.parse(JSON.parse(await readFile(runFile, 'utf8')))
  } catch {
    throw new Error('nothing runs here: start it with `npm start` in another terminal')
  }
}

/** @throws Error naming the callers that there are. */
export function registrationOf(
  { callers, tenantId, audience }: Pick<Run, 'callers' | 'tenantId' | 'audience'>,
  name: string,
): Registration {
  const caller = callers[name]
  if (!caller) throw new Error(`there is no caller ${name}; there are ${Object.keys(callers).join(', ')}`)
  return { tenantId, audience, ...caller }
}
