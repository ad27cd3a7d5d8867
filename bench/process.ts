// A measured server as a process of its own.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Said, Usage } from './servers/server.ts'

export interface Server {
  readonly port: number
  readonly child: ChildProcess
  usage(): Promise<Usage>
  close(): Promise<void>
}

export interface ServerOptions {
  /** The script, and what it is given. */
  readonly args: readonly string[]
  /** The whole environment beside PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>
  /** For Node. */
  readonly flags?: readonly string[]
}

/** @throws Error when it ends before it listens. */
export async function startServer({ args, env = {}, flags = [] }: ServerOptions): Promise<Server> {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [...flags, ...args], {
    env: { PATH, HOME, NODE_NO_WARNINGS: '1', ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = Promise.withResolvers<never>()
  child.once('exit', (code, by) => ended.reject(new Error(`${args.join(' ')} ended with ${code ?? by}`)))
  ended.promise.catch(() => undefined)
  const hear = async (): Promise<Said> => {
    const [said] = await Promise.race([once(child, 'message'), ended.promise])
    return said
  }
  const first = await hear()
  if (!('port' in first)) throw new Error('a server says first where it listens')
  return {
    port: first.port,
    child,
    async usage() {
      child.send('usage')
      const said = await hear()
      if (!('usage' in said)) throw new Error('a server answers with what it used')
      return said.usage
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await ended.promise.catch(() => undefined)
    },
  }
}
