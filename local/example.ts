// `npm run -s example -- translator [words]`: runs an example as a caller of the running `npm start`.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { callerEnv } from './caller-env.ts'
import { expectInstalled, expectListener, runCommand } from './command.ts'
import { exitOf } from './end-with-parent.ts'
import { readRun } from './run-file.ts'

const USAGE = `usage: npm run -s example -- translator [word]... [--as app-all]
       npm run -s example -- speech [WAV file] [--as app-all]
It runs an example as a caller of a running \`npm start\`.`

interface Example {
  readonly file: string
  /** A package that it imports and that is none of our dependencies. */
  readonly needs?: string
}

const examples: Readonly<Record<string, Example>> = {
  translator: { file: 'examples/translator/translate.mjs' },
  speech: { file: 'examples/speech/recognize.mjs', needs: 'microsoft-cognitiveservices-speech-sdk' },
}

await runCommand(USAGE, async () => {
  const options = { as: { type: 'string', default: 'app-all' } } as const
  const { values, positionals } = parseArgs({ allowPositionals: true, options })
  const [name = '', ...words] = positionals
  const example = Object.hasOwn(examples, name) ? examples[name] : undefined
  if (example === undefined) throw new Error(`name an example: ${Object.keys(examples).join(', ')}`)
  if (example.needs !== undefined) expectInstalled(example.needs)
  const run = await readRun()
  await expectListener(run.vendorUrl, 'the vendor')
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [example.file, ...words], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { PATH, HOME, ...callerEnv(run, values.as) },
    stdio: 'inherit',
  })
  return (await exitOf(child)) === '0' ? 0 : 1
})
