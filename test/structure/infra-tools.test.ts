// The tools that look at infra/: what they refuse, and that what they make can be used.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how Bicep and azd name a variable.

import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import { deploy } from '../../infra/tools/bicep-deploy.ts'
import { parseBicep } from '../../infra/tools/bicep-parse.ts'
import { planOf } from '../../infra/tools/compiled.ts'
import { fillIn } from '../../infra/tools/fill-in.ts'
import { literalPolicies, policies } from '../../infra/tools/policies.ts'
import { zip } from '../../infra/tools/zip.ts'
import { root } from '../support/broken.ts'
import { read } from '../support/sources.ts'

const run = (source: string, parameters = {}, others: Record<string, string> = {}) =>
  deploy('main.bicep', parameters, (path) => ({ 'main.bicep': source, ...others })[path] ?? '', 'group')

test.each([
  ['an unknown declaration', 'let x = 1', 'main.bicep:1'],
  ['an unfinished string', "var x = 'a", 'does not end'],
  ['an unfinished interpolation', "var x = '${a", 'does not end'],
  ['a missing comma', 'var x = {a: 1 b: 2}', 'unexpected b'],
  ['a function that is not known', 'var x = nothing()', 'no function nothing'],
  ['a name that is not declared', 'var x = y', 'nothing is called y'],
  ['a property that is not there', 'var x = {a: 1}.b', 'nothing is called b'],
  ['a parameter without a value', 'param x string', 'no value and no default'],
  ['a name of another depth', "resource a 'A.B/c/d@1' = { name: 'one' }", 'another depth'],
  ['a key that is there twice', 'var x = {\n  a: 1\n  a: 2\n}', 'twice'],
])('%s is refused', (_what, source, why) => {
  expect(() => run(source)).toThrow(why)
})

test('what the language does is what is evaluated', () => {
  const values: [expression: string, value: unknown][] = [
    ["'a${1 + 2 * 3}b'", 'a7b'],
    ['empty([]) ? first([1, 2]) : 3', 1],
    ["({ a: { b: 1 } }).?c ?? 'none'", 'none'],
    ["map(['x', 'y'], (one, at) => '${one}${at}')", ['x0', 'y1']],
    ['union({ a: { b: 1 } }, { a: { c: 2 } })', { a: { b: 1, c: 2 } }],
    ["toLower('ABC') == 'abc' && !false", true],
    ["[for n in ['a', 'b']: { name: n }]", [{ name: 'a' }, { name: 'b' }]],
    ["'''\nverbatim ${x}'''", 'verbatim ${x}'],
    ["last(split('/a/b', '/'))", 'b'],
    ["split('a1b2c', ['1', '2'])", ['a', 'b', 'c']],
    ["guid('a', 'b', 'c')", 'a98fa280-e03f-5afa-8d8e-92d0a9c201e8'],
  ]
  for (const [expression, value] of values) expect(run(`output it object = ${expression}`).outputs.it).toEqual(value)
})

test('modules, conditions and scopes become resources with their ids', () => {
  const { resources } = run(
    "module m 'm.bicep' = [for n in ['x', 'y']: {\n  scope: resourceGroup('other')\n  params: { name: n }\n}]",
    {},
    {
      'm.bicep':
        "param name string\nresource a 'A.B/c@1' = if (name == 'x') {\n  name: name\n}\nresource d 'A.B/c/d@1' = if (name == 'x') {\n  parent: a\n  name: 'd'\n}",
    },
  )
  expect(resources.map(({ id }) => id.split('/resourceGroups/')[1])).toEqual([
    'other/providers/A.B/c/x',
    'other/providers/A.B/c/x/d/d',
  ])
})

test('comments and directives are not declarations', () => {
  expect(
    parseBicep('a.bicep', '#disable-next-line BCP037\n// one\n/* two\n */ var x = 1 // three\n').declarations,
  ).toHaveLength(1)
})

const compiledStorage = (allowed: boolean) => ({
  resources: {
    inner: {
      type: 'Microsoft.Resources/deployments',
      apiVersion: '2025-04-01',
      name: 'inner',
      properties: {
        template: {
          resources: [
            {
              type: 'Microsoft.Storage/storageAccounts',
              apiVersion: '1',
              name: 's',
              properties: { allowSharedKeyAccess: allowed, allowBlobPublicAccess: false, minimumTlsVersion: 'TLS1_2' },
            },
          ],
          outputs: { connectionString: {} },
        },
      },
    },
  },
})

test('a compiled template is held against what can be read in it, nested deployments included', () => {
  const problems = (allowed: boolean) =>
    literalPolicies.flatMap((name) => policies[name](planOf(compiledStorage(allowed))))
  expect(problems(false)).toEqual([expect.stringContaining('connectionString')])
  expect(problems(true)).toEqual([
    expect.stringContaining('allowSharedKeyAccess'),
    expect.stringContaining('connectionString'),
  ])
})

/** A compiler that answers with this template and these words. */
function compilerThatSays(template: object, words: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'keystile-bicep-')), 'bicep')
  writeFileSync(
    path,
    `#!/bin/sh\n[ "$1" = --version ] && echo 'Bicep CLI version 9.9.9' && exit 0\necho '${words}' >&2\necho '${JSON.stringify(template)}'\n`,
  )
  chmodSync(path, 0o755)
  return path
}
const check = (bicep: string | undefined, ...args: string[]) => {
  const env = { ...process.env, KEYSTILE_BICEP: bicep, PATH: '/nowhere' }
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', 'infra/tools/check.ts', ...args],
    { cwd: root, env, encoding: 'utf8' },
  )
  return { status, text: `${stdout}${stderr}` }
}

test('the check takes no warning of a compiler, and looks at what it made', () => {
  const clean = { resources: {}, outputs: {} }
  expect(check(compilerThatSays(clean, ''))).toMatchObject({ status: 0, text: expect.stringContaining('Bicep 9.9.9') })
  expect(check(compilerThatSays(clean, 'Warning BCP081'))).toMatchObject({
    status: 1,
    text: expect.stringContaining('Warning BCP081'),
  })
  expect(check(compilerThatSays(compiledStorage(true), '')).text).toContain('allowSharedKeyAccess')
})

test('the check says whether it compiled', () => {
  expect(check('').text).toMatch(/^Bicep \d+\.|^No Bicep compiler here: only syntax and policy were checked/m)
})

test('a compiler that was named and is none is a fault', () => {
  expect(check('/nowhere/bicep')).toMatchObject({ status: 1, text: expect.stringContaining('is no Bicep compiler') })
})

test('parameters are filled in by their types, and an empty variable is absent', () => {
  const file = { parameters: { a: { value: '${A=[]}' }, b: { value: '${B=true}' }, c: { value: '${C}' } } }
  const types = new Map([
    ['a', 'array'],
    ['b', 'bool'],
    ['c', 'string'],
  ])
  expect(fillIn(file, types, { A: '["x"]', B: '', C: '7' }).parameters).toEqual({
    a: { value: ['x'] },
    b: { value: true },
    c: { value: '7' },
  })
})

test('a zip has the same bytes for the same files, and gives them back', () => {
  const files = new Map([
    ['b/two.txt', Buffer.from('two'.repeat(100))],
    ['a.txt', Buffer.from('one')],
  ])
  const bytes = zip(files)
  expect(zip(new Map([...files].reverse()))).toEqual(bytes)
  const [nameLength, packed] = [bytes.readUInt16LE(26), bytes.readUInt32LE(18)]
  expect(bytes.subarray(30, 30 + nameLength).toString()).toBe('a.txt')
  expect(inflateRawSync(bytes.subarray(30 + nameLength, 30 + nameLength + packed)).toString()).toBe('one')
  expect(bytes.readUInt16LE(bytes.length - 12)).toBe(2)
})

test('azd packs what the release does: the bundle, the host’s settings, the manifest', () => {
  const ignored = read('.funcignore').split('\n').filter(Boolean)
  const fits = (name: string) =>
    ignored.some((one) => new RegExp(`^${one.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(name))
  const unbuilt = read('.gitignore')
    .split('\n')
    .map((line) => line.replace(/\/$/, ''))
  const packed = readdirSync(root).filter((name) => name === 'dist' || (!fits(name) && !unbuilt.includes(name)))
  expect(packed.filter((name) => name !== 'dist').sort()).toEqual(['LICENSE', 'host.json', 'package.json'])
  expect(ignored).toContain('node_modules')
  expect(read('infra/tools/package.ts')).toContain("[...built, 'host.json', 'package.json']")
  expect(readdirSync(`${root}/dist`).sort()).toEqual(['app', 'app.json', 'client'])
  for (const unpacked of ['dist/app.json', 'dist/client']) expect(ignored).toContain(unpacked)
})
