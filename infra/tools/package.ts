// `npm run package`: the zip that an app runs from, and what is in it. Everything is bundled; the host brings
// @azure/functions-core.

import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { zip } from './zip.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const built = readdirSync(`${root}dist/app`).map((name) => `dist/app/${name}`)
const files = new Map([...built, 'host.json', 'package.json'].map((path) => [path, readFileSync(root + path)]))

const inKibibytes = (bytes: number) => `${(bytes / 1_024).toFixed(1).padStart(8)} KiB`
for (const [path, { length }] of files) console.log(`${inKibibytes(length)}  ${path}`)
const total = [...files.values()].reduce((sum, { length }) => sum + length, 0)
console.log(`${inKibibytes(total)}  in ${files.size} files`)

const bytes = zip(files)
mkdirSync(`${root}.local`, { recursive: true })
writeFileSync(`${root}.local/keystile.zip`, bytes)
console.log(`.local/keystile.zip: ${bytes.length} bytes, SHA-256 ${createHash('sha256').update(bytes).digest('hex')}`)
