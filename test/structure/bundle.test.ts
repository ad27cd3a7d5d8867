// What an instance has to read and compile before it answers: sizes and lists, so that no slow machine changes them.
// What a process really loads, test/integration/vend-calls.test.ts holds against the same lists.

import {
  afterFirstVend,
  inputsOf,
  kibibytesOf,
  packagesOf,
  reachable,
  sourcesOf,
  whenReady,
} from '../support/bundle.ts'
import { files, read } from '../support/sources.ts'

const ready = packagesOf(whenReady)
const afterVend = packagesOf(afterFirstVend)

test.each([
  ['until an instance is ready', whenReady, 95],
  ['until its first vend is answered', afterFirstVend, 650],
  ['at all', reachable, 1_575],
])('what is loaded %s is within its budget', (_when, chunks, kibibytes) => {
  expect(kibibytesOf(chunks)).toBeLessThanOrEqual(kibibytes)
})

test('an instance is ready with these packages, and no others', () => {
  expect(ready).toEqual(['@azure/functions', '@azure/functions-extensions-base', 'cookie', 'zod'])
})

test('the first vend adds these packages, and no others', () => {
  expect(afterVend.filter((name) => !ready.includes(name))).toEqual([
    '@azure-rest/core-client',
    '@azure/abort-controller',
    '@azure/core-auth',
    '@azure/core-client',
    '@azure/core-lro',
    '@azure/core-process',
    '@azure/core-rest-pipeline',
    '@azure/core-tracing',
    '@azure/core-util',
    '@azure/identity',
    '@azure/keyvault-common',
    '@azure/keyvault-secrets',
    '@azure/logger',
    '@azure/msal-common',
    '@azure/msal-node',
    '@typespec/ts-http-runtime',
    'agent-base',
    'buffer-equal-constant-time',
    'debug',
    'ecdsa-sig-formatter',
    'has-flag',
    'http-proxy-agent',
    'https-proxy-agent',
    'jose',
    'jsonwebtoken',
    'jwa',
    'jws',
    'limiter',
    'lodash.includes',
    'lodash.isboolean',
    'lodash.isinteger',
    'lodash.isnumber',
    'lodash.isplainobject',
    'lodash.isstring',
    'lodash.once',
    'lru-cache',
    'ms',
    'safe-buffer',
    'semver',
    'supports-color',
  ])
})

test('no SDK of Azure is waited for until the first vend', () => {
  expect(ready.filter((name) => /^@azure\/(?!functions)|^@azure-rest\/|^@typespec\//.test(name))).toEqual([])
})

test('a vend loads nothing that only a rotation needs', () => {
  expect(afterVend).not.toContain('@azure/arm-cognitiveservices')
  expect(afterVend.filter((name) => name.startsWith('@azure/storage-'))).toEqual([])
  const sources = sourcesOf(afterFirstVend)
  // How often a schedule comes round: the settings are refused by it.
  expect(sources.filter((path) => path.startsWith('src/rotation/'))).toEqual(['src/rotation/spread-schedule.ts'])
  expect(sources.filter((path) => path.startsWith('src/azure/'))).toEqual([
    'src/azure/credential.ts',
    'src/azure/entra.ts',
    'src/azure/errors.ts',
    'src/azure/record-reader.ts',
    'src/azure/signing-keys.ts',
    'src/azure/sts.ts',
    'src/azure/system-clock.ts',
  ])
})

test('what the SDKs import and nobody here uses is not packed', () => {
  const packages = packagesOf(reachable)
  expect(packages).toEqual(expect.arrayContaining(['@azure/storage-blob', '@azure/identity']))
  expect(packages.filter((name) => ['apache-arrow', 'open'].includes(name))).toEqual([])
})

test('each chunk has its map, and nothing lies beside them that main cannot reach', () => {
  expect(files('dist/app/**/*')).toEqual(reachable.flatMap((chunk) => [chunk, `${chunk}.map`]).toSorted())
})

describe.each([
  ['@azure/functions', 'azure-functions', 40],
  ['@azure/functions-extensions-base', 'azure-functions-extensions-base', 2],
])('%s (decision 11)', (name, file, least) => {
  const library = `node_modules/${name}`
  const isOfIt = (path: string) => path.startsWith(`${library}/`)

  test('is packed from its sources', () => {
    const packed = inputsOf(reachable).filter(isOfIt)
    expect(packed.length).toBeGreaterThan(0)
    expect(packed.filter((path) => !path.startsWith(`${library}/src/`))).toEqual([])
  })

  test('has the very sources that its own build was made of', () => {
    const { sources, sourcesContent }: { sources: string[]; sourcesContent: string[] } = JSON.parse(
      read(`${library}/dist/${file}.js.map`),
    )
    const built = sources.flatMap((url, at) => {
      const path = /\/\.\/(src\/.*)$/.exec(url)?.[1]
      return path === undefined ? [] : [[`${library}/${path}`, sourcesContent[at]] as const]
    })
    expect(built.length).toBeGreaterThanOrEqual(least)
    for (const [path, text] of built) expect([path, read(path)]).toEqual([path, text])
    const known = new Set<string>(built.map(([path]) => path))
    expect(inputsOf(reachable).filter((path) => isOfIt(path) && !known.has(path))).toEqual([])
  })
})

test('no private field of the Functions library is a WeakMap', () => {
  const chunks = reachable.filter((chunk) => packagesOf([chunk]).includes('@azure/functions'))
  expect(chunks.length).toBeGreaterThan(0)
  expect(chunks.filter((chunk) => read(chunk).includes('WeakMap'))).toEqual([])
})
