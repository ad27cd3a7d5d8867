// One process of the built app under a Functions host: started with the environment that Azure would give it, and no
// other.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const READY_MS = 30_000
const STOP_MS = 15_000

/** What hosts the app: ours, or the Core Tools' `func`. */
export interface Host {
  readonly command: string
  readonly args: (port: number) => readonly string[]
  /** Matches the line that says that the app answers; its first group is the port. */
  readonly ready: RegExp
}

export const localHost: Host = {
  command: process.execPath,
  args: (port) => ['local/host/main.ts', '--port', String(port)],
  ready: /Host ready\D*http:\/\/127\.0\.0\.1:(\d+)/,
}

export interface AppOptions {
  readonly host?: Host
  /** How its lines are told from those of others. */
  readonly name: string
  /** 0 takes any free port. */
  readonly port: number
  /** The whole environment: nothing is inherited but PATH and HOME. */
  readonly env: Readonly<Record<string, string>>
  /** Every line that the app writes. */
  readonly onLine?: (line: string, name: string) => void
}

export interface AppProcess {
  readonly name: string
  /** `http://127.0.0.1:{port}` */
  readonly url: string
  readonly child: ChildProcess
  /** Drains and ends it; killed when that takes too long. Safe to repeat. */
  close(): Promise<void>
}

/** @throws Error with what the process said, when it ends or does not get ready within 30 s. */
export async function startApp({ name, port, env, onLine, host = localHost }: AppOptions): Promise<AppProcess> {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(host.command, host.args(port), {
    cwd: root,
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said: string[] = []
  const ready = new Promise<string>((resolve, reject) => {
    const hear = (line: string) => {
      said.push(line)
      onLine?.(line, name)
      const [, heard] = host.ready.exec(line) ?? []
      if (heard) resolve(`http://127.0.0.1:${heard}`)
    }
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', hear)
    const fail = (why: string) => reject(new Error(`${name} ${why}:\n${said.slice(-10).join('\n')}`))
    child.once('exit', (code) => fail(`ended with ${code}`))
    setTimeout(() => fail(`was not ready after ${READY_MS} ms`), READY_MS).unref()
  })
  const close = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    await ended
    clearTimeout(late)
  }
  try {
    return { name, url: await ready, child, close }
  } catch (error) {
    await close()
    throw error
  }
}
