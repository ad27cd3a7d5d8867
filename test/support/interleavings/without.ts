// The executor with one rule taken out: its own source, one change of text, compiled anew. A change whose text is no
// longer there fails, so that no rule is ever "removed" from a source that has moved on.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { transformSync } from '@swc/core'
import * as account from '../../../src/common/account.ts'
import * as duration from '../../../src/common/duration.ts'
import * as errors from '../../../src/common/errors.ts'
import * as record from '../../../src/common/record.ts'
import * as secret from '../../../src/common/secret.ts'
import type { checkAccount } from '../../../src/rotation/check-account.ts'

/** Leaves are shared with the world: an error or a secret of another copy would not be known as one. */
const LEAVES: Readonly<Record<string, object>> = { account, duration, errors, record, secret }
const ROTATION = join(__dirname, '../../../src/rotation')

/** In `file` of src/rotation, each text (which is there once) becomes another. */
export interface Change {
  readonly file: string
  readonly edits: readonly (readonly [text: string, instead: string])[]
}

const nameOf = (path: string): string => path.replace(/^.*\/|\.ts$/g, '')

/** @throws Error when the text to change is not there exactly once. */
export function checkAccountWith(change: Change): typeof checkAccount {
  const loaded = new Map<string, object>()
  const load = (path: string): object => {
    const name = nameOf(path)
    if (path.startsWith('../common/')) {
      const leaf = LEAVES[name]
      if (!leaf) throw new Error(`${path} is not among the shared leaves`)
      return leaf
    }
    const known = loaded.get(name)
    if (known) return known
    const exports = {}
    loaded.set(name, exports)
    const run = new Function('exports', 'require', compile(sourceOf(name, change))) as (
      e: object,
      r: typeof load,
    ) => void
    run(exports, load)
    return exports
  }
  return (load('./check-account.ts') as { checkAccount: typeof checkAccount }).checkAccount
}

function sourceOf(name: string, { file, edits }: Change): string {
  let source = readFileSync(join(ROTATION, `${name}.ts`), 'utf8')
  if (name !== file) return source
  for (const [text, instead] of edits) {
    const parts = source.split(text)
    if (parts.length !== 2) throw new Error(`${file}.ts has ${parts.length - 1} times: ${text}`)
    source = parts.join(instead)
  }
  return source
}

const compile = (source: string): string =>
  transformSync(source, {
    jsc: { target: 'es2024', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
  }).code
