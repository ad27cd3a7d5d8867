// `npm run -s example -- translator [words]`: runs an example as a caller of the running `npm start`.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { callerEnv } from './caller-env.ts'
import { runCommand } from './command.ts'
import { exitOf } from './end-with-parent.ts'
import { readRun } from './run-file.ts'

const examples: Readonly<Record<string, string>> = {
  translator: 'examples/translator/translate.mjs',
  speech: 'examples/speech/recognize.mjs',
}

await runCommand(async () => {
  const options = { as: { type: 'string', default: 'app-all' } } as const
  const { values, positionals } = parseArgs({ allowPositionals: true, options })
  const [name = '', ...words] = positionals
  const file = Object.hasOwn(examples, name) ? examples[name] : undefined
  if (file === undefined) throw new Error(`name an example: ${Object.keys(examples).join(', ')}`)
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [file, ...words], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { PATH, HOME, ...callerEnv(await readRun(), values.as) },
    stdio: 'inherit',
  })
  return (await exitOf(child)) === '0' ? 0 : 1
})
