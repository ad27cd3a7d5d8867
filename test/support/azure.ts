// Starts the stand-in for one test file and points this process at it, as an app's environment would: the SDKs and
// `fetch` under test stay unmodified.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TokenCredential } from '@azure/identity'
import type { FaultInput } from '../../local/azure/faults.ts'
import { type Seed, seedSchema } from '../../local/azure/seed.ts'
import { type Azure, type AzureOptions, startAzure } from '../../local/azure/start-azure.ts'
import { pointAtAzure } from '../../local/point-at-azure.ts'
import seed from '../../local/seed.json' with { type: 'json' }

export interface TestAzure extends Azure {
  /** Lines that the stand-in logged. */
  readonly lines: readonly string[]
  readonly folder: string
  /** A credential whose tokens are signed in this process: one file may act for several identities. */
  credential(identityName: string): TokenCredential
  breakNext(fault: FaultInput): void
}

/** The seed of the demo, as an object of its own: a test may change it before the start. */
export const demoSeed = (): Seed => seedSchema.parse(structuredClone(seed))

/** The variables of `env()` that the SDKs read in this process; the others are for a process that starts with them. */
export async function startTestAzure(
  options: Partial<AzureOptions> & { readonly identity?: string } = {},
): Promise<TestAzure> {
  const { identity = 'rotator', ...azureOptions } = options
  const folder = await mkdtemp(join(tmpdir(), 'keystile-azure-'))
  const lines: string[] = []
  const log = (line: string) => void lines.push(line)
  const azure = await startAzure({ seed: demoSeed(), folder, log, ...azureOptions })

  const env = azure.env(identity)
  const before = Object.keys(env).map((name): [string, string | undefined] => [name, process.env[name]])
  Object.assign(process.env, env)
  const restore = await pointAtAzure(azure)

  return {
    ...azure,
    lines,
    folder,
    credential: (identityName) => ({
      getToken: async (scopes) => {
        const [scope = ''] = [scopes].flat()
        const resource = scope.replace(/\/\.default$/, '')
        const { token, expires } = await azure.entra.mint({ kind: 'identity', identity: identityName, resource })
        return { token, expiresOnTimestamp: expires * 1000 }
      },
    }),
    breakNext: (fault) => azure.faults.add(fault),
    close: async () => {
      restore()
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name]
        else process.env[name] = value
      }
      await azure.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** One field of a JSON answer, such as `error.code`; `undefined` where there is none. */
export async function fieldOf(response: Response, path: string): Promise<unknown> {
  let value: unknown = await response.json()
  for (const name of path.split('.')) {
    value = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  }
  return value
}
