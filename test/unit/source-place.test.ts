// What a log line of a defect says of its place, although the app is packed.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildSync } from 'esbuild'
import { sourcePlace } from '../../src/functions/source-place.ts'

const folder = mkdtempSync(join(tmpdir(), 'keystile-place-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A packed file whose third line threw: where that is in it. */
function packed(): { readonly url: string; readonly line: number; readonly column: number } {
  mkdirSync(join(folder, 'src'), { recursive: true })
  const source = join(folder, 'src', 'one.ts')
  writeFileSync(
    source,
    'export function one(long: string) {\n  if (long === "") return 1\n  throw new RangeError(long)\n}\n',
  )
  const outfile = join(folder, 'one.mjs')
  buildSync({ entryPoints: [source], outfile, format: 'esm', minify: true, sourcemap: true, sourcesContent: false })
  const [text = ''] = readFileSync(outfile, 'utf8').split('\n')
  return { url: pathToFileURL(outfile).href, line: 1, column: text.indexOf('throw') + 1 }
}

test.each(['at one (PLACE)', 'at async one (PLACE)', 'at PLACE'])('the frame "%s" is one of the source', (frame) => {
  const { url, line, column } = packed()
  expect(sourcePlace(`    ${frame.replace('PLACE', `${url}:${line}:${column}`)}`)).toMatch(/^at src\/one\.ts:3:\d+$/)
})

test.each([
  ['a file without a map', '    at one (file:///nowhere/two.mjs:1:5)', 'at one (file:///nowhere/two.mjs:1:5)'],
  ['Node itself', '    at node:internal/main:1:5', 'at node:internal/main:1:5'],
])('of %s the frame stays as it is', (_what, frame, said) => {
  expect(sourcePlace(frame)).toBe(said)
})
