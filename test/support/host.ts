// Function apps written by a test into a temporary folder, and the host as a child process that runs them.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

const repository = resolve(__dirname, '../..')
const folders: string[] = []
const children = new Set<ChildProcess>()

/** Every host that a test left running is killed, and every folder removed; call it in `afterAll`. */
export async function cleanUpHosts(): Promise<void> {
  for (const child of children) {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
}

export interface AppFiles {
  /** The text of `app.js`, CommonJS; `@azure/functions` is the real library. */
  readonly app?: string
  /** Merged over `{ version: '2.0' }`. */
  readonly hostJson?: object
  /** Merged over `{ main: 'app.js' }`. */
  readonly packageJson?: object
  /** Path to text. */
  readonly files?: Readonly<Record<string, string>>
}

/** @returns The folder of a new app; the repository's modules are its modules. */
export function writeApp({ app, hostJson, packageJson, files }: AppFiles): string {
  const folder = mkdtempSync(join(tmpdir(), 'keystile-host-'))
  folders.push(folder)
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'), 'dir')
  const all = {
    'host.json': JSON.stringify({ version: '2.0', ...hostJson }),
    'package.json': JSON.stringify({ main: 'app.js', ...packageJson }),
    ...(app !== undefined && { 'app.js': app }),
    ...files,
  }
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}

export interface HostProcess {
  readonly child: ChildProcess
  /** What it has written so far, to both outputs, one entry a line. */
  readonly lines: readonly string[]
  /** @returns The first line that matches, now or later. @throws When the process ends without one. */
  line(pattern: RegExp): Promise<string>
  /** The exit code; `null` when a signal ended it. */
  readonly ended: Promise<number | null>
}

export interface RunningApp extends HostProcess {
  readonly port: number
  /** `http://127.0.0.1:{port}`. */
  readonly url: string
}

/** @param args Of the command. @param env All there is besides PATH. */
export function spawnHost(args: readonly string[], env: Readonly<Record<string, string>> = {}): HostProcess {
  const child = spawn(process.execPath, [join(repository, 'local/host/main.ts'), ...args], {
    env: { PATH: process.env.PATH ?? '', FUNCTIONS_WORKER_RUNTIME: 'node', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  const lines: string[] = []
  const waiting = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ''
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      const parts = (rest + chunk).split('\n')
      rest = parts.pop() ?? ''
      lines.push(...parts)
      for (const look of waiting) look()
    })
  }
  const ended = once(child, 'close').then(() => {
    children.delete(child)
    for (const look of waiting) look()
    return child.exitCode
  })
  const line = async (pattern: RegExp) => {
    const { promise, resolve: found, reject } = Promise.withResolvers<string>()
    const look = () => {
      const hit = lines.find((one) => pattern.test(one))
      if (hit !== undefined) found(hit)
      else if (!children.has(child)) reject(new Error(`ended without ${pattern}:\n${lines.join('\n')}`))
    }
    waiting.add(look)
    look()
    return promise.finally(() => waiting.delete(look))
  }
  return { child, lines, line, ended }
}

/** Starts an app on a free port and waits until it is ready. */
export async function runApp(folder: string, env?: Readonly<Record<string, string>>): Promise<RunningApp> {
  const host = spawnHost(['--root', folder, '--port', '0'], env)
  const [, port = ''] = /:(\d+)$/.exec(await host.line(/Host ready/)) ?? []
  return { ...host, port: Number(port), url: `http://127.0.0.1:${port}` }
}

/** Sends the signal and waits for the end. @returns The exit code. */
export async function stopApp(host: HostProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  host.child.kill(signal)
  return host.ended
}

/** Tries again until `check` no longer throws, for at most `ms` milliseconds. */
export async function eventually<T>(check: () => Promise<T> | T, ms = 8_000): Promise<T> {
  const end = Date.now() + ms
  for (;;) {
    try {
      return await check()
    } catch (err) {
      if (Date.now() > end) throw err
      await new Promise((done) => setTimeout(done, 50))
    }
  }
}
