// The repository's files, one of them with one place changed: to see that a rule refuses it.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(__dirname, '../..')

/** @throws Error where the file no longer has that place: a fixture that breaks nothing proves nothing. */
export function broken(path: string, from: string, to: string): (file: string) => string {
  const whole = join(root, path)
  const text = readFileSync(whole, 'utf8')
  if (!text.includes(from)) throw new Error(`${path} has no ${from}`)
  return (file) => (file === whole ? text.replace(from, () => to) : readFileSync(file, 'utf8'))
}
