// The client as others get it: found through the package's name, typed for Node and for browsers, and small.

import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { read } from '../support/sources.ts'

const root = join(__dirname, '../..')
const command = (name: string) => join(root, 'node_modules/.bin', name)

test('import finds it through the exports of package.json, without a warning', () => {
  const code = "import('keystile/client').then((all) => console.log(Object.keys(all).join()))"
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', code], { cwd: root, encoding: 'utf8' })
  expect([stdout, stderr]).toEqual(['TokenRequestError,createTokenSource\n', ''])
})

test('require finds it, too: Node 22 and newer load ES modules that way', () => {
  const code = "console.log(typeof require('keystile/client').createTokenSource)"
  expect(execFileSync(process.execPath, ['-e', code], { cwd: root, encoding: 'utf8' })).toBe('function\n')
})

test('nothing else of the package can be imported', () => {
  const code = "import('keystile').catch(({ code }) => console.log(code))"
  const { stdout } = spawnSync(process.execPath, ['-e', code], { cwd: root, encoding: 'utf8' })
  expect(stdout).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED\n')
})

describe('for an application that has it installed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keystile-consumer-'))
  const installed = join(folder, 'node_modules/keystile')
  beforeAll(() => {
    mkdirSync(installed, { recursive: true })
    cpSync(join(root, 'dist/client'), join(installed, 'dist/client'), { recursive: true })
    cpSync(join(root, 'package.json'), join(installed, 'package.json'))
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    writeFileSync(
      join(folder, 'app.ts'),
      `import { createTokenSource, TokenRequestError } from 'keystile/client'
const source = createTokenSource({ url: 'https://a.example', account: 'a', credential: { getToken: async () => null } })
export const region: string = (await source.getToken()).region
// @ts-expect-error it is a string
export const wrong: number = (await source.getToken()).region
export const code = (error: unknown): string | undefined => error instanceof TokenRequestError ? error.code : undefined
`,
    )
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test.each([
    ['a bundler, for browsers', ['--module', 'esnext', '--moduleResolution', 'bundler', '--lib', 'es2022,dom']],
    ['Node', ['--module', 'nodenext', '--lib', 'es2022,dom']],
  ])('its types are found by %s, with every check on', (_who, options) => {
    const args = ['--ignoreConfig', '--noEmit', '--strict', '--target', 'es2022', '--types', '', ...options, 'app.ts']
    const { stdout, status } = spawnSync(command('tsc'), args, { cwd: folder, encoding: 'utf8' })
    expect([stdout, status]).toEqual(['', 0])
  })
})

test('minified and compressed it is under 2 KiB, and the README says how much', () => {
  const options = ['src/client/index.ts', '--bundle', '--minify', '--format=esm', '--target=es2022']
  const size = gzipSync(execFileSync(command('esbuild'), options, { cwd: root })).length
  expect(size).toBeLessThan(2_048)
  const [, told = ''] = /(\d\.\d) KiB/.exec(read('README.md')) ?? []
  expect(told).toBe((size / 1_024).toFixed(1))
})
