// `npm run -s token [-- caller]`: an Entra token for the Keystile API, as a caller of the running `npm start` gets it.

import { parseArgs } from 'node:util'
import { entraToken } from './client.ts'
import { pointAtAzure } from './point-at-azure.ts'
import { readRun, registrationOf } from './run-file.ts'

try {
  const { positionals } = parseArgs({ allowPositionals: true })
  const run = await readRun()
  await pointAtAzure(run)
  console.log(await entraToken(registrationOf(run, positionals[0] ?? 'app-all')))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
