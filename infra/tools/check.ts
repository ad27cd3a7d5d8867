// `npm run infra:check`: the templates, azure.yaml and the workflows. It says what was checked, and never claims more.
// Exit code 0: no problems, 1: some, 2: usage.

import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { planOf } from './compiled.ts'
import { compile, findCompiler } from './compiler.ts'
import { literalPolicies, policies } from './policies.ts'
import { problemsOf, templatesIn } from './problems.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const USAGE = `usage: npm run infra:check [-- --compiler] [--out FILE]
  --compiler  fails where there is no Bicep compiler
  --out FILE  writes the compiled template there`

function readArguments() {
  try {
    const text = { type: 'string' } as const
    const flag = { type: 'boolean' } as const
    return parseArgs({ options: { compiler: flag, out: text, help: { ...flag, short: 'h' } } }).values
  } catch {
    console.error(USAGE)
    process.exit(2)
  }
}

const asked = readArguments()
if (asked.help) {
  console.log(USAGE)
  process.exit(0)
}
const say = (line: string) => console.log(line)

const problems = problemsOf(root)
say(`syntax and policy: ${templatesIn(root).length} Bicep files, azure.yaml, workflows: ${problems.length} problems`)

const compiler = findCompiler(root, say)
if (compiler) {
  const { template, said } = compile(compiler, `${root}infra/main.bicep`)
  problems.push(...said)
  if (template) {
    const plan = planOf(template)
    problems.push(...literalPolicies.flatMap((name) => policies[name](plan)))
    if (asked.out) writeFileSync(asked.out, `${JSON.stringify(template, null, 2)}\n`)
  }
  say(`Bicep ${compiler.version}: main.bicep compiled with ${said.length} warnings; the compiled template was checked`)
  say('not compiled: infra/entra/main.bicep, whose types come from a registry')
} else {
  say('No Bicep compiler here: only syntax and policy were checked. Types, API versions and scopes were not.')
  if (asked.compiler || asked.out) problems.push('a Bicep compiler is required')
}

for (const problem of problems) console.error(problem.replaceAll(root, ''))
process.exitCode = problems.length > 0 ? 1 : 0
