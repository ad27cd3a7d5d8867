// `npm start`: everything on this machine until Ctrl-C, rotating every minute or two, with commands to copy.
// `npm run start:func` is the same under the Core Tools' `func`.

import { spawnSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { relative } from 'node:path'
import { parseArgs } from 'node:util'
import { type Host, localHost } from './app-process.ts'
import { seedSchema } from './azure/seed.ts'
import type { Azure } from './azure/start.ts'
import { readNews } from './news.ts'
import { forgetRun, localFolder, writePrivate, writeRun } from './run-file.ts'
import seed from './seed.json' with { type: 'json' }
import { type Stack, startStack } from './stack.ts'

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
  command: 'func',
  args: (port) => ['start', '--port', String(port)],
  ready: /http:\/\/localhost:(\d+)\/api\/health/,
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { func: { type: 'boolean', default: false } } })
  const host = values.func ? requireFunc() : localHost
  await mkdir(localFolder, { recursive: true })
  const stack = await startStack({
    seed: seedSchema.parse(seed),
    folder: localFolder,
    host,
    azure: { switches, ports: azurePorts, log: (line) => console.log(`azure    ${line}`) },
    rotator,
    ports: appPorts,
    onLine: (line, app) => {
      const news = readNews(line)
      if (news !== undefined) console.log(`${app.padEnd(8)} ${news}`)
    },
  })
  const stop = endOnSignal(stack)
  await leaveTraces(stack)
  console.log(await describe(stack))
  await stop
}

/** @throws Error that says what is missing and how to get it. */
function requireFunc(): Host {
  if (spawnSync('func', ['--version']).status === 0) return func
  throw new Error(
    'the Core Tools are missing: there is no `func` here. They are an optional dependency that downloads itself when ' +
      'npm installs it: run `npm install azure-functions-core-tools` where that download is open. `npm start` needs none.',
  )
}

async function leaveTraces({ azure, vendor, rotator }: Stack): Promise<void> {
  const { tenantId, api, callers } = azure.world.seed
  const secrets = callers.map(({ name, clientId }) => [name, { clientId, clientSecret: azure.clientSecret(name) }])
  await writeRun({
    vendorUrl: vendor.url,
    rotatorUrl: rotator.url,
    proxyUrl: azure.proxyUrl,
    caFile: azure.caFile,
    tenantId,
    audience: api.appIdUri,
    callers: Object.fromEntries(secrets),
  })
}

/** An environment to source in a shell: curl then reaches the stand-in, with the identity of a human operator. */
const shellOf = (azure: Azure): string =>
  Object.entries({ ...azure.env('human'), CURL_CA_BUNDLE: azure.caFile })
    .map(([name, value]) => `export ${name}='${value}'\n`)
    .join('')

async function describe({ azure, vendor, rotator, storage }: Stack): Promise<string> {
  const shell = relative(process.cwd(), await writePrivate('human.env', shellOf(azure)))
  return `
vendor    ${vendor.url}   POST /api/accounts/{account}/token
rotator   ${rotator.url}   GET /api/accounts, checks every 10 s, rotates every 2 min
azure     ${azure.proxyUrl}   a proxy to the stand-in; faults and switches at ${azure.controlUrl}
storage   ${storage.queueUrl}   Azurite

Try, in another terminal:
  npm run -s vend -- speech-west
  curl -s -X POST -H "Authorization: Bearer $(npm run -s token)" ${vendor.url}/api/accounts/translator-global/token
  curl -s -H "Authorization: Bearer $(npm run -s token -- operator)" ${rotator.url}/api/accounts/speech-west
To act as a human operator with curl: . ${shell}

Ctrl-C ends it.
`
}

function endOnSignal(stack: Stack): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      console.log('ending')
      void forgetRun()
        .then(() => stack.close())
        .then(resolve)
    }
    process.once('SIGINT', end)
    process.once('SIGTERM', end)
    for (const app of [stack.rotator, stack.vendor]) {
      app.child.once('exit', (code) => {
        if (code === 0 || code === null) return
        console.error(`${app.name} ended with ${code}`)
        end()
      })
    }
  })
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
