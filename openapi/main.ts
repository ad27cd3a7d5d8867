// npm run openapi: writes docs/openapi.json. With `--check` it writes nothing, and says what is wrong with the file.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openApiText } from './document.ts'
import { lint } from './lint.ts'

const file = join(import.meta.dirname, '../docs/openapi.json')
const check = process.argv.includes('--check')

const text = openApiText()
const problems = await lint(check ? readFileSync(file, 'utf8') : text)
if (check && readFileSync(file, 'utf8') !== text) problems.unshift('docs/openapi.json is stale: npm run openapi')
if (!check) writeFileSync(file, text)
for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1
