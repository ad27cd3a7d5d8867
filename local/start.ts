// `npm start`: everything on this machine until Ctrl-C, rotating every minute or two, with commands to copy.
// `npm run start:func` is the same under the Core Tools' `func`.

import { spawnSync } from 'node:child_process'
import { relative } from 'node:path'
import { parseArgs } from 'node:util'
import { type Host, localHost } from './app-process.ts'
import { seedSchema } from './azure/seed.ts'
import type { Azure } from './azure/start-azure.ts'
import { runCommand, untilSignal } from './command.ts'
import { exitOf } from './end-with-parent.ts'
import { readNews } from './news.ts'
import { forgetRun, localFolder, openLocalFolder, writeHumanEnv, writeRun } from './run-file.ts'
import seed from './seed.json' with { type: 'json' }
import { type Stack, startStack } from './stack.ts'

const USAGE = `usage: npm start
       npm run start:func        (the same under the Core Tools)
It starts everything on this machine, on ports 7071, 7072, 7080 to 7082 and 10000 to 10002, until Ctrl-C.`

/** Minutes stand for weeks here, and a token lives as long as grace, so that it dies before its key does. */
const rotator = {
  KEYSTILE_SCHEDULE: '*/10 * * * * *',
  KEYSTILE_ROTATE_EVERY: 'PT2M',
  KEYSTILE_GRACE: 'PT1M',
  KEYSTILE_MIN_GRACE: 'PT1S',
  KEYSTILE_MIN_ROTATE_EVERY: 'PT1S',
  KEYSTILE_CLOCK_SKEW: 'PT1S',
  KEYSTILE_PROOF_WINDOW: 'PT30S',
  KEYSTILE_SETTLE: 'PT5S',
}
const switches = { propagationSeconds: 5, tokenSeconds: 60 }
const appPorts = { vendor: 7071, rotator: 7072, azurite: true }
const azurePorts = { proxy: 7080, identity: 7081, control: 7082 }

const func: Host = {
  args: (port) => ['local/func.ts', 'start', '--port', String(port)],
  ready: /http:\/\/localhost:(\d+)\/api\/health/,
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { func: { type: 'boolean', default: false } } })
  const signal = untilSignal()
  const host = values.func ? requireFunc() : localHost
  await openLocalFolder()
  const stack = await begin(host, signal)
  if (!stack) {
    console.log('ended before everything had started')
    return 0
  }
  try {
    await leaveTraces(stack)
    console.log(await describe(stack))
    const died = await firstEnd(stack, signal)
    if (died !== undefined) console.error(died)
    console.log('ending')
    return died === undefined ? 0 : 1
  } finally {
    await forgetRun()
    await stack.close()
  }
}

/** @returns nothing when the signal came first. */
async function begin(host: Host, signal: AbortSignal): Promise<Stack | undefined> {
  try {
    return await startStack({
      seed: seedSchema.parse(seed),
      folder: localFolder,
      host,
      azure: { switches, ports: azurePorts, log: (line) => console.log(`azure    ${line}`) },
      rotator,
      ports: appPorts,
      onLine: (line, app) => {
        const news = readNews(line)
        if (news !== undefined && !signal.aborted) console.log(`${app.padEnd(8)} ${news}`)
      },
      signal,
    })
  } catch (error) {
    if (signal.aborted) return undefined
    if (!(error instanceof Error) || !/port \d+.* in use/.test(error.message)) throw error
    throw new Error(`${error.message}\n\`npm start\` may already run here: it can run once`)
  }
}

/** @returns what ended by itself, or nothing when the signal came first. */
async function firstEnd({ rotator, vendor, storage }: Stack, signal: AbortSignal): Promise<string | undefined> {
  const all = { rotator: rotator.child, vendor: vendor.child, Azurite: storage.process }
  const ends = Object.entries(all).map(async ([name, child]) => `${name} ended with ${await exitOf(child)}`)
  const asked = Promise.withResolvers<undefined>()
  signal.addEventListener('abort', () => asked.resolve(undefined), { once: true })
  if (signal.aborted) return undefined
  return Promise.race([asked.promise, ...ends])
}

/** @throws Error that says what is missing and how to get it. */
function requireFunc(): Host {
  if (spawnSync('func', ['--version']).status === 0) return func
  throw new Error(
    'the Core Tools are missing: there is no `func` here. They are an optional dependency that downloads itself when ' +
      'npm installs it: run `npm install azure-functions-core-tools` where that download is open. `npm start` needs none.',
  )
}

async function leaveTraces({ azure, vendor, rotator, storage }: Stack): Promise<void> {
  const { tenantId, api, callers } = azure.world.seed
  const secrets = callers.map(({ name, clientId }) => [name, { clientId, clientSecret: azure.clientSecret(name) }])
  await writeRun({
    vendorUrl: vendor.url,
    rotatorUrl: rotator.url,
    queueUrl: storage.queueUrl,
    proxyUrl: azure.proxyUrl,
    caFile: azure.caFile,
    controlUrl: azure.controlUrl,
    controlKey: azure.controlKey,
    tenantId,
    audience: api.appIdUri,
    callers: Object.fromEntries(secrets),
  })
}

/** With it, curl reaches the stand-in with the identity of a human operator, and may use the control API. */
const humanEnv = (azure: Azure) => ({
  ...azure.env('human'),
  CURL_CA_BUNDLE: azure.caFile,
  CONTROL_KEY: azure.controlKey,
})

async function describe({ azure, vendor, rotator, storage }: Stack): Promise<string> {
  const shell = relative(process.cwd(), await writeHumanEnv(humanEnv(azure)))
  return `
vendor    ${vendor.url}   POST /api/accounts/{account}/token
rotator   ${rotator.url}   GET /api/accounts, checks every 10 s, rotates every 2 min
azure     ${azure.proxyUrl}   a proxy to the stand-in; faults and switches at ${azure.controlUrl}, with the controlKey of .local/run.json
storage   ${storage.queueUrl}   Azurite

Try, in another terminal, once the line of the account says published:
  npm run -s vend -- speech-west
  curl -s -X POST -H "Authorization: Bearer $(npm run -s token)" ${vendor.url}/api/accounts/translator-global/token
  curl -s -H "Authorization: Bearer $(npm run -s token -- operator)" ${rotator.url}/api/accounts/speech-west
To act as a human operator with curl: . ${shell}

Ctrl-C ends it.
`
}

await runCommand(USAGE, main)
