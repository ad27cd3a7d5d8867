// main.parameters.json for `az deployment sub what-if`, which unlike azd needs no right to write.
// Usage: node infra/tools/parameters.ts > parameters.json

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseBicep } from './bicep-parse.ts'
import { fillIn, type ParameterFile } from './fill-in.ts'

const folder = fileURLToPath(new URL('..', import.meta.url))
const { declarations } = parseBicep('main.bicep', readFileSync(`${folder}main.bicep`, 'utf8'))
const types = new Map(declarations.filter(({ kind }) => kind === 'param').map(({ name, of }) => [name, of]))
const file: ParameterFile = JSON.parse(readFileSync(`${folder}main.parameters.json`, 'utf8'))
console.log(JSON.stringify(fillIn(file, types, process.env), null, 2))
