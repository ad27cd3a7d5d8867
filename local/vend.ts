// `npm run vend -- <account> [--as caller]`: acts as a caller of the running `npm start` and prints what it gets.

import { parseArgs } from 'node:util'
import { entraToken, vend } from './client.ts'
import { pointAtAzure } from './point-at-azure.ts'
import { readRun, registrationOf } from './run-file.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { as: { type: 'string', default: 'app-all' } },
})

async function main(): Promise<void> {
  const [account] = positionals
  if (account === undefined) throw new Error('name an account: npm run vend -- speech-west')
  const run = await readRun()
  await pointAtAzure(run)
  const bearer = await entraToken(registrationOf(run, values.as))
  console.log(JSON.stringify(await vend(run.vendorUrl, account, bearer), undefined, 2))
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
