// How much memory a process has, as its operating system tells.

import { execFileSync } from 'node:child_process'
import type { AppProcess } from '../app-process.ts'

/** Megabytes that are resident. @throws Error where there is no `ps`. */
export const megabytesOf = ({ child }: AppProcess): number =>
  Math.round(Number(execFileSync('ps', ['-o', 'rss=', '-p', String(child.pid)], { encoding: 'utf8' })) / 1_024)
