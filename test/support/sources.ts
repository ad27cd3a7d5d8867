// The repository's own files, read for tests of its structure.

import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

const root = join(__dirname, '../..')

export const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** Paths below the root, with forward slashes, that match the pattern. */
export const files = (pattern: string): string[] =>
  globSync(pattern, { cwd: root, exclude: (name) => /node_modules|\.local$/.test(name) }).sort()

/** What a file imports: paths below the root for its own modules, bare names for packages. */
export function importsOf(path: string): string[] {
  const found = read(path).matchAll(/(?:from|import|import\(|require\()\s*'([^']+)'/g)
  return [...found].map(([, target = '']) => (target.startsWith('.') ? normalize(join(dirname(path), target)) : target))
}

/** The code without its comments. */
export const codeOf = (path: string): string => read(path).replaceAll(/\/\*[\s\S]*?\*\/|(?<![:'"])\/\/.*$/gm, '')
