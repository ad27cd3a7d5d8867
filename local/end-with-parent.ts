// A child of ours must not outlive its parent, however that died: the end of the channel between them ends the child.

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/**
 * What `--import` of a Node child gets; the child needs an `ipc` channel. When the channel ends, the child is sent
 * SIGTERM as by anybody else, and is killed when that takes too long. The channel does not keep it alive.
 *
 * @param graceMs How long it may take to end.
 */
export const endWithParent = (graceMs: number): string =>
  `data:text/javascript,${encodeURIComponent(`
    process.on('disconnect', () => {
      process.kill(process.pid, 'SIGTERM')
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${graceMs}).unref()
    })
    process.channel?.unref()
  `)}`

/** Whether there is a process yet, and still. */
export const isRunning = ({ pid, exitCode, signalCode }: ChildProcess): boolean =>
  pid !== undefined && exitCode === null && signalCode === null

/** How it ended, now or later: its exit code, or the signal that killed it. */
export async function exitOf(child: ChildProcess): Promise<string> {
  if (isRunning(child)) await once(child, 'exit')
  return String(child.exitCode ?? child.signalCode)
}

/** Sends SIGTERM, and kills what it is to its whole group when it does not end in time. Safe to repeat. */
export async function endChild(child: ChildProcess, limitMs: number): Promise<void> {
  if (!isRunning(child)) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const late = setTimeout(() => killGroup(child), limitMs)
  await ended
  clearTimeout(late)
}

/** The child is the leader of a group of its own (`detached`); what it started goes with it. */
function killGroup({ pid }: ChildProcess): void {
  if (pid !== undefined) process.kill(-pid, 'SIGKILL')
}
