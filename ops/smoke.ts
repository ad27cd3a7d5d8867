// `npm run smoke`: what must hold of a vendor after a deployment. Exit code 0: it does, 1: it does not, 2: usage.

import { DefaultAzureCredential } from '@azure/identity'
import { asksForHelp, expectListener, NothingAnswers } from '../local/command.ts'
import { pointAtAzure } from '../local/point-at-azure.ts'
import { type Run, readRun } from '../local/run-file.ts'
import { chinaCloud, publicCloud, usGovCloud } from '../src/common/cloud.ts'
import { UsageError } from './arguments.ts'
import { parseSmokeCommand, SMOKE_USAGE, type SmokeCommand } from './smoke-arguments.ts'
import { azureCallers, localCallers } from './smoke-callers.ts'
import { type SmokeOptions, smokeChecks } from './smoke-checks.ts'

const clouds = [publicCloud, usGovCloud, chinaCloud]
const say = (line: string) => console.log(line)

/** What a vendor promises. Tokens of a local run live for a minute. */
const LEAST_SECONDS = 300

async function prepare(command: SmokeCommand): Promise<SmokeOptions> {
  const { url, account, audience, clientWithoutRole } = command
  const run = await runHere()
  if (run && (url === undefined || url === run.vendorUrl)) {
    await expectListener(run.vendorUrl, 'the vendor')
    await pointAtAzure(run)
    return { url: run.vendorUrl, account, callers: localCallers(run), leastSeconds: 1 }
  }
  if (url === undefined) throw new UsageError('--url is required, or a running `npm start`')
  if (audience === undefined) throw new UsageError('--audience is required where the app is not that of `npm start`')
  const cloud = clouds.find(({ name }) => name === (process.env.AZURE_CLOUD || 'public'))
  if (cloud === undefined) throw new UsageError('AZURE_CLOUD must be public, usgov or china')
  const credential = new DefaultAzureCredential({ authorityHost: `https://${cloud.login}` })
  const who = azureCallers({ cloud, credential, audience, clientWithoutRole, environment: process.env })
  return { url, account, callers: who, leastSeconds: LEAST_SECONDS }
}

const runHere = (): Promise<Run | undefined> => readRun().catch(() => undefined)

async function main(): Promise<number> {
  const args = process.argv.slice(2)
  if (asksForHelp(args)) {
    say(SMOKE_USAGE)
    return 0
  }
  const options = await prepare(parseSmokeCommand(args))
  const counts = { ok: 0, 'not ok': 0, skipped: 0 }
  for await (const { name, result, says } of smokeChecks(options)) {
    counts[result] += 1
    say(`${result.padEnd(8)} ${name}: ${result === 'skipped' ? 'because ' : ''}${says}`)
  }
  say(`${counts.ok} ok, ${counts['not ok']} not ok, ${counts.skipped} skipped`)
  return counts['not ok'] === 0 ? 0 : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  const usage = error instanceof UsageError
  const ours = usage || error instanceof NothingAnswers
  // Anything else may hold what an upstream said.
  console.error(ours ? error.message : 'something went wrong that is not known')
  if (usage) console.error(SMOKE_USAGE)
  process.exitCode = usage ? 2 : 1
}
