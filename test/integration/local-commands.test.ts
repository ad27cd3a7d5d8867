// The local commands in a copy of this project, so that no run of somebody else is met: what a killed `npm start` left
// behind is told in one line, and so is a Ctrl-C.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { bindToLoopback } from '../../local/bind.ts'

const root = join(__dirname, '../..')
const copy = mkdtempSync(join(tmpdir(), 'keystile-commands-'))
const options = { cwd: copy, env: { PATH: '' }, encoding: 'utf8' } as const
const FLAGS = ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON']

beforeAll(() => {
  for (const each of ['local', 'ops', 'src', 'dist', 'infra', 'package.json', 'host.json'])
    cpSync(join(root, each), join(copy, each), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
})
afterAll(() => rmSync(copy, { recursive: true, force: true }))

describe('after a kill of `npm start`', () => {
  let port = 0
  beforeAll(async () => {
    const server = createServer()
    port = await bindToLoopback(server, 0)
    server.close()
    const url = `http://127.0.0.1:${port}`
    const caller = { clientId: 'ca11e400-0000-4000-8000-000000000001', clientSecret: 'marked-secret' }
    const left = {
      ...{ vendorUrl: url, rotatorUrl: url, queueUrl: `${url}/devstoreaccount1`, proxyUrl: url, controlUrl: url },
      ...{ caFile: '/nowhere/ca.pem', controlKey: 'marked-secret', tenantId: 'x', audience: 'api://keystile' },
      callers: { 'app-all': caller },
    }
    mkdirSync(join(copy, '.local'))
    writeFileSync(join(copy, '.local/run.json'), JSON.stringify(left))
  })

  test.each([
    ['local/example.ts', ['translator'], 'the vendor'],
    ['ops/smoke.ts', ['--account', 'speech-west'], 'the vendor'],
    ['ops/poison.ts', ['list'], 'the storage'],
  ])('%s says in one line what does not answer', (script, args, what) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [...FLAGS, script, ...args], options)
    expect([status, stdout, stderr]).toEqual([
      1,
      '',
      `nothing answers at 127.0.0.1:${port}, ${what}: is \`npm start\` running?\n`,
    ])
  })
})

test('a Ctrl-C in the middle of the demo is one line and exit code 130, and nothing goes on', async () => {
  const demo = spawn(process.execPath, ['local/demo/main.ts'], { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  for (const stream of [demo.stdout, demo.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      if (line.startsWith('rotator http')) demo.kill('SIGINT')
    })
  const [code] = await once(demo, 'close')
  expect([code, lines.at(-1)]).toEqual([130, 'ended by SIGINT: everything that this command started was stopped'])
  const urls = lines.join().match(/http:\/\/127\.0\.0\.1:\d+/g) ?? []
  expect(urls).toHaveLength(2)
  for (const url of urls) await expect(fetch(url)).rejects.toThrow('fetch failed')
})
