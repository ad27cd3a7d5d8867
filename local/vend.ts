// `npm run vend -- <account> [--as caller]`: acts as a caller of the running `npm start` and prints what it gets.

import { parseArgs } from 'node:util'
import { entraToken, vend } from './client.ts'
import { runCommand } from './command.ts'
import { pointAtAzure } from './point-at-azure.ts'
import { readRun, registrationOf } from './run-file.ts'

const USAGE = `usage: npm run -s vend -- <account> [--as app-all]
It asks for a token of the account, as a caller of a running \`npm start\`, and prints the answer.
Callers: app-all, app-speech, operator, nobody.`

await runCommand(USAGE, async () => {
  const options = { as: { type: 'string', default: 'app-all' } } as const
  const { values, positionals } = parseArgs({ allowPositionals: true, options })
  const [account, ...more] = positionals
  if (account === undefined || more.length > 0) throw new Error('name one account: npm run vend -- speech-west')
  const run = await readRun()
  await pointAtAzure(run)
  const bearer = await entraToken(registrationOf(run, values.as))
  console.log(JSON.stringify(await vend(run.vendorUrl, account, bearer), undefined, 2))
  return 0
})
