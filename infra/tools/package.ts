// `npm run package`: the zip that an app runs from. Everything is bundled; the host brings @azure/functions-core.

import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { zip } from './zip.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const paths = ['dist/main.js', 'dist/main.js.map', 'host.json', 'package.json']
const bytes = zip(new Map(paths.map((path) => [path, readFileSync(root + path)])))
mkdirSync(`${root}.local`, { recursive: true })
writeFileSync(`${root}.local/keystile.zip`, bytes)
console.log(`.local/keystile.zip: ${bytes.length} bytes, SHA-256 ${createHash('sha256').update(bytes).digest('hex')}`)
