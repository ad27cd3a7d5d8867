import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { MOST_DELIVERIES } from '../../src/functions/carry-out-request.ts'
import { settingNames } from '../../src/settings.ts'
import { root } from '../support/broken.ts'
import { files, read } from '../support/sources.ts'

const unique = (names: Iterable<string>) => [...new Set(names)].sort()
const named = (text: string) => unique([...text.matchAll(/\bKEYSTILE_[A-Z_]+[A-Z]/g)].map(([name]) => name))

const sample: { Values: Record<string, string> } = JSON.parse(read('local.settings.sample.json'))

test('the README has a row for every setting, and for no other', () => {
  const rows = read('README.md').matchAll(/^\| `(KEYSTILE_[A-Z_]+|AZURE_CLOUD)` \|/gm)
  expect([...rows].map(([, name]) => name).sort()).toEqual(settingNames.toSorted())
})

test('the sample names every setting, and no other', () => {
  expect(
    Object.keys(sample.Values)
      .filter((name) => name.startsWith('KEYSTILE_') || name === 'AZURE_CLOUD')
      .sort(),
  ).toEqual(settingNames.toSorted())
})

test('the sample holds no secret: storage is the emulator’s', () => {
  expect(sample.Values.AzureWebJobsStorage).toBe('UseDevelopmentStorage=true')
  expect(JSON.stringify(sample)).not.toMatch(/AccountKey|password|secret=/i)
})

test('no other file invents a setting', () => {
  const elsewhere = [
    ...files('src/**/*.ts'),
    ...files('local/**/*.ts'),
    ...files('ops/**/*.ts'),
    'README.md',
    ...files('docs/**/*.md'),
  ]
  expect(unique(elsewhere.flatMap((path) => named(read(path)))).filter((name) => !settingNames.includes(name))).toEqual(
    [],
  )
})

test('the built entry is the one that package.json and the host load', () => {
  const manifest: { main: string; scripts: Record<string, string> } = JSON.parse(read('package.json'))
  expect(manifest.main).toBe('dist/app/main.mjs')
  expect(existsSync(join(root, manifest.main))).toBe(true)
})

test('the host hands over what is on a queue as it is: the handlers read base64 and plain text', () => {
  const host: { extensions: { queues: { messageEncoding: string } } } = JSON.parse(read('host.json'))
  expect(host.extensions.queues.messageEncoding).toBe('none')
})

test('a revoke knows on which delivery host.json has a message parked', () => {
  const host: { extensions: { queues: { maxDequeueCount: number } } } = JSON.parse(read('host.json'))
  expect(host.extensions.queues.maxDequeueCount).toBe(MOST_DELIVERIES)
})
