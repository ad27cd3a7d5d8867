// `npm run -s token [-- caller]`: an Entra token for the Keystile API, as a caller of the running `npm start` gets it.

import { parseArgs } from 'node:util'
import { entraToken } from './client.ts'
import { runCommand } from './command.ts'
import { pointAtAzure } from './point-at-azure.ts'
import { readRun, registrationOf } from './run-file.ts'

const USAGE = `usage: npm run -s token -- [caller]
It prints an Entra token for the Keystile API, as a caller (app-all) of a running \`npm start\` gets it.
Callers: app-all, app-speech, operator, nobody.`

await runCommand(USAGE, async () => {
  const [caller = 'app-all', ...more] = parseArgs({ allowPositionals: true }).positionals
  if (more.length > 0) throw new Error('name one caller at most: npm run -s token -- app-all')
  const run = await readRun()
  await pointAtAzure(run)
  console.log(await entraToken(registrationOf(run, caller)))
  return 0
})
