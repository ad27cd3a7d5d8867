// The built app by its metafile: which chunks come with which, and what was packed into them.

import { statSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './broken.ts'
import { read } from './sources.ts'

interface Output {
  readonly entryPoint?: string
  readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>
  readonly imports: readonly { readonly path: string; readonly kind: string; readonly external?: boolean }[]
}

const { outputs }: { outputs: Readonly<Record<string, Output>> } = JSON.parse(read('dist/app.json'))

/** The chunks themselves, and all that their imports bring along; by their paths, sorted. */
function closureOf(first: readonly string[], follows: (kind: string) => boolean): readonly string[] {
  const reached = new Set(first)
  // A set gives what is added while it is gone through, too.
  for (const chunk of reached)
    for (const { path, kind, external } of outputs[chunk]?.imports ?? [])
      if (!external && follows(kind)) reached.add(path)
  return [...reached].sort()
}

/** @throws Error where it is packed into a chunk with others, so that it is not loaded by itself. */
function chunkOf(source: string): string {
  const found = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === source)
  if (!found) throw new Error(`${source} has no chunk of its own`)
  return found[0]
}

const main = chunkOf('src/main.ts')
const isStatic = (kind: string) => kind !== 'dynamic-import'

/** What is loaded until the functions of a vendor are registered. */
export const whenReady = closureOf([main], isStatic)

/** What is loaded once a vendor has vended. */
export const afterFirstVend = closureOf(
  [main, chunkOf('src/parts/vendor.ts'), chunkOf('src/parts/shared.ts')],
  isStatic,
)

/** Everything that may ever be loaded. */
export const reachable = closureOf([main], () => true)

export const kibibytesOf = (chunks: readonly string[]): number =>
  chunks.reduce((sum, chunk) => sum + statSync(join(root, chunk)).size, 0) / 1_024

/** Files that something of is left in these chunks. What is imported for its types alone is in none. */
export const inputsOf = (chunks: readonly string[]): readonly string[] =>
  chunks.flatMap((chunk) =>
    Object.entries(outputs[chunk]?.inputs ?? {}).flatMap(([path, { bytesInOutput }]) =>
      bytesInOutput > 0 ? [path] : [],
    ),
  )

/** Names of the npm packages in these chunks, sorted. */
export const packagesOf = (chunks: readonly string[]): readonly string[] => {
  const names = inputsOf(chunks).flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [])
  return [...new Set(names)].sort()
}

/** Our own files in these chunks, sorted. */
export const sourcesOf = (chunks: readonly string[]): readonly string[] =>
  inputsOf(chunks)
    .filter((path) => path.startsWith('src/'))
    .toSorted()

/** Of what a process said that tells of its chunks: their paths, sorted. */
export const chunksIn = (lines: readonly string[]): readonly string[] =>
  lines.flatMap((line) => /^loaded (\S+)$/.exec(line)?.[1] ?? []).sort()

/** `--import` of it has a Node process tell of each chunk that it loads, in a line that {@link chunksIn} finds. */
export const tellChunks = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from 'node:fs'
  import { registerHooks } from 'node:module'
  registerHooks({
    load(url, context, next) {
      const [, chunk] = /\\/(dist\\/app\\/[^/]+\\.mjs)$/.exec(url) ?? []
      if (chunk) writeSync(1, 'loaded ' + chunk + '\\n')
      return next(url, context)
    },
  })
`)}`
