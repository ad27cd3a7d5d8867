// The command: `node local/host/main.ts` in the folder of a function app, where `func start` is not installed.

import { parseArgs } from 'node:util'
import { onSignals } from '../signals.ts'
import { StartError } from './errors.ts'
import { parseOrigins } from './settings.ts'
import { startHost } from './start-host.ts'

const USAGE = 'usage: node local/host/main.ts [--port 7071] [--root DIR] [--cors ORIGIN,…]'

class UsageError extends Error {}

function readArguments(args: readonly string[]): {
  port: number | undefined
  root: string
  corsOrigins: readonly string[]
} {
  let values: { port?: string; root?: string; cors?: string }
  try {
    ;({ values } = parseArgs({
      args: [...args],
      options: { port: { type: 'string' }, root: { type: 'string' }, cors: { type: 'string' } },
    }))
  } catch (err) {
    throw new UsageError(err instanceof Error ? err.message : String(err))
  }
  const { port, root = '.', cors = '' } = values
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65_535)) {
    throw new UsageError(`--port must be a number from 0 to 65535 (0: any free one), not '${port}'`)
  }
  const corsOrigins = parseOrigins(cors)
  const wrong = corsOrigins.find((origin) => origin !== '*' && !/^https?:\/\/[^/]+$/i.test(origin))
  if (wrong !== undefined)
    throw new UsageError(`--cors takes origins such as http://localhost:3000, or *, not '${wrong}'`)
  return { port: port === undefined ? undefined : Number(port), root, corsOrigins }
}

async function main(): Promise<void> {
  const host = await startHost(readArguments(process.argv.slice(2)))
  const stop = () => {
    host.close().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  onSignals(stop, () => process.exit(1))
}

main().catch((err: unknown) => {
  const usage = err instanceof UsageError
  if (usage || err instanceof StartError) console.error(usage ? `${err.message}\n${USAGE}` : err.message)
  else console.error(err)
  process.exit(usage ? 2 : 1)
})
