// The process of an app, as local runs and tests start it: it ends with its parent, and is not hit by its Ctrl-C.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { type Host, startApp } from '../../local/app-process.ts'
import { cleanUpHosts, eventually, writeApp } from '../support/host.ts'

const local = (file: string) => resolve(__dirname, '../../local', file)
const folder = mkdtempSync(join(tmpdir(), 'keystile-app-process-'))
const env = { FUNCTIONS_WORKER_RUNTIME: 'node' }

const APP = `
  const { app } = require('@azure/functions')
  app.http('slow', { handler: async (request, context) => {
    context.log('slow began')
    await new Promise((done) => setTimeout(done, 1500))
    context.log('slow ended')
    return {}
  } })`

const hostOf = (root: string): Host => ({
  args: (port) => ['local/host/main.ts', '--root', root, '--port', String(port)],
  ready: /Host ready\D*http:\/\/127\.0\.0\.1:(\d+)/,
})

/** A host that is a script of a test. */
function scripted(text: string): Host {
  const file = join(folder, `${Math.random()}.mjs`)
  writeFileSync(file, text)
  return { args: () => [file], ready: /ready (\d+)/ }
}

afterAll(async () => {
  await cleanUpHosts()
  rmSync(folder, { recursive: true, force: true })
})

const isGone = (pid: number) => eventually(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), 15_000)

/** A process that starts the app and tells its lines; it leads a group, as a command in a terminal does. */
async function startParent(root: string): Promise<{ parent: ChildProcess; pid: number; url: string; lines: string[] }> {
  const file = join(folder, 'parent.mjs')
  writeFileSync(
    file,
    `import { startApp } from ${JSON.stringify(local('app-process.ts'))}
    const [root] = process.argv.slice(2)
    const host = {
      args: (port) => ['local/host/main.ts', '--root', root, '--port', String(port)],
      ready: ${String(hostOf(root).ready)},
    }
    const onLine = (line) => console.log(line)
    const app = await startApp({ name: 'app', port: 0, env: ${JSON.stringify(env)}, host, onLine })
    process.once('SIGINT', () => app.close().then(() => console.log('closed')))
    console.log('started', app.child.pid, app.url)`,
  )
  const parent = spawn(process.execPath, [file, root], { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  const lines: string[] = []
  createInterface({ input: parent.stdout }).on('line', (line) => void lines.push(line))
  const [, pid, url = ''] = await eventually(() => {
    const found = lines.map((line) => /^started (\d+) (\S+)$/.exec(line)).find((match) => match !== null)
    expect(found).toBeDefined()
    return found ?? []
  }, 20_000)
  return { parent, pid: Number(pid), url, lines }
}

test('it drains and ends when its parent is killed', async () => {
  const { parent, pid, url } = await startParent(writeApp({ app: APP }))
  expect(process.kill(pid, 0)).toBe(true)
  const answer = fetch(`${url}/api/slow`)
  await new Promise((done) => setTimeout(done, 300))
  parent.kill('SIGKILL')
  expect((await answer).status).toBe(200)
  await isGone(pid)
})

test('a Ctrl-C reaches the parent alone, which lets the app finish', async () => {
  const { parent, pid, url, lines } = await startParent(writeApp({ app: APP }))
  const answer = fetch(`${url}/api/slow`)
  await eventually(() => expect(lines.join('\n')).toContain('slow began'))
  // What a terminal does: everybody in the group of the foreground gets it.
  process.kill(-(parent.pid ?? Number.NaN), 'SIGINT')
  expect((await answer).status).toBe(200)
  const [code] = await once(parent, 'close')
  expect([code, lines.at(-1)]).toEqual([0, 'closed'])
  expect(lines.join('\n')).toMatch(/slow ended.*Host stopped/s)
  await isGone(pid)
})

test('an end before it is ready is an error with the last ten lines', async () => {
  const host = scripted('for (let line = 1; line <= 30; line += 1) console.log("line", line); process.exit(3)')
  const told = Array.from({ length: 10 }, (_, at) => `line ${at + 21}`)
  await expect(startApp({ name: 'app', port: 0, env, host })).rejects.toThrow(
    new Error(['app ended with 3:', ...told].join('\n')),
  )
})

test('a signal ends the start, and the process', async () => {
  const host = scripted('console.log(process.pid); setInterval(() => undefined, 1000)')
  const stop = new AbortController()
  let pid = 0
  const start = startApp({
    name: 'app',
    port: 0,
    env,
    host,
    signal: stop.signal,
    onLine: (line) => {
      pid = Number(line)
      stop.abort(new Error('enough'))
    },
  })
  await expect(start).rejects.toThrow('enough')
  await isGone(pid)
})

test('the Core Tools end with their parent, though they do not know of it', async () => {
  const func = join(folder, 'func')
  writeFileSync(func, '#!/bin/sh\necho "$$ $*"\nexec sleep 60\n', { mode: 0o755 })
  const wrapped = spawn(process.execPath, [local('func.ts'), 'start', '--port', '1'], {
    env: { PATH: `${folder}:${process.env.PATH}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [pid, ...args] = String((await once(wrapped.stdout, 'data'))[0])
    .trim()
    .split(' ')
  expect(args).toEqual(['start', '--port', '1'])
  wrapped.kill('SIGTERM')
  await isGone(Number(pid))
})
