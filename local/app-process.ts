// One process of the built app under a Functions host: started with the environment that Azure would give it, and no
// other.

import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { endChild, endWithParent } from './end-with-parent.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const READY_MS = 30_000
const STOP_MS = 15_000
const LINES_TOLD = 10

/** What hosts the app: ours, or the Core Tools' `func`. */
export interface Host {
  /** The Node script that runs it, and its arguments. */
  readonly args: (port: number) => readonly string[]
  /** Matches the line that says that the app answers; its first group is the port. */
  readonly ready: RegExp
}

export const localHost: Host = {
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
  /** Ends the start. */
  readonly signal?: AbortSignal | undefined
}

export interface AppProcess {
  readonly name: string
  /** `http://127.0.0.1:{port}` */
  readonly url: string
  readonly child: ChildProcess
  /** Drains and ends it; killed when that takes too long. Safe to repeat. */
  close(): Promise<void>
}

/**
 * It ends with this process, however that ends.
 *
 * @throws Error with what the process said, when it ends or does not get ready within 30 s.
 */
export async function startApp(options: AppOptions): Promise<AppProcess> {
  const { name, port, env, onLine, host = localHost, signal } = options
  const { PATH = '', HOME = '' } = process.env
  signal?.throwIfAborted()
  const child = spawn(process.execPath, ['--import', endWithParent(STOP_MS), ...host.args(port)], {
    cwd: root,
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A group of its own: a Ctrl-C is for this process, which then drains the app.
    detached: true,
  })
  const told: string[] = []
  const ready = Promise.withResolvers<string>()
  const hear = (line: string) => {
    told.push(line)
    if (told.length > LINES_TOLD) told.shift()
    onLine?.(line, name)
    const [, heard] = host.ready.exec(line) ?? []
    if (heard) ready.resolve(`http://127.0.0.1:${heard}`)
  }
  for (const stream of [child.stdout, child.stderr]) if (stream) createInterface({ input: stream }).on('line', hear)
  const fail = (why: string) => ready.reject(new Error([`${name} ${why}:`, ...told].join('\n')))
  child.once('error', (error) => fail(`could not be started (${error.message})`))
  // Not `exit`: the last lines come after that.
  child.once('close', (code, by) => fail(`ended with ${code ?? by}`))
  const late = setTimeout(() => fail(`was not ready after ${READY_MS} ms`), READY_MS)
  const abort = () => ready.reject(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  const close = () => endChild(child, STOP_MS)
  try {
    return { name, url: await ready.promise, child, close }
  } catch (error) {
    await close()
    throw error
  } finally {
    clearTimeout(late)
    signal?.removeEventListener('abort', abort)
  }
}
