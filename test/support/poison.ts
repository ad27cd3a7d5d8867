// The command `npm run poison`, as somebody types it who was paged: a process of its own, with nothing but its settings.

import { execFile } from 'node:child_process'
import { resolve } from 'node:path'

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

const command = ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', resolve(__dirname, '../../ops/poison.ts')]

/** @param env its whole environment: no PATH, so that it finds nobody who is signed in. */
export const poison = (args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> =>
  new Promise((done) => {
    const child = execFile(process.execPath, [...command, ...args], { env: { PATH: '', ...env } }, (_error, out, err) =>
      done({ code: child.exitCode, out, err }),
    )
  })
