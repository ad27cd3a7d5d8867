// `npm run build`: the app as it is deployed. One entry; what is imported lazily becomes chunks of its own.

import { readdir, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build } from 'esbuild'

const root = fileURLToPath(new URL('.', import.meta.url))
const folder = 'dist/app'

/** For a function app of one entry, and what runs one. */
export const functionApp: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node22',
  // Only modules can be split. The worker imports an entry that ends like this: it requires any other.
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  // Half of what has to be read and compiled at a cold start.
  minify: true,
  // The worker hands this one over, to whoever requires it (contract of the host).
  external: ['@azure/functions-core'],
  banner: {
    js: "import{createRequire as moduleRequire}from'node:module';const require=moduleRequire(import.meta.url);",
  },
  logLevel: 'warning',
}

/**
 * The Functions library from the sources that its package brings, for the Node that runs them. What it brings compiled
 * is for an old one: each private field there is a WeakMap, which small collections leave full, and each `async` a
 * generator (decision 11). The second package is what it imports: the module of that one exports no name that a bundler
 * could find.
 */
export const functionsFromSources: BuildOptions = {
  alias: {
    '@azure/functions': './node_modules/@azure/functions/src/index.ts',
    '@azure/functions-extensions-base': './node_modules/@azure/functions-extensions-base/src/index.ts',
  },
}

/** Imported by SDKs for what is not done here: a list of blobs as a table, a sign-in in a browser. Not packed. */
const NEVER = ['apache-arrow', 'open']

async function buildApp(): Promise<void> {
  const { metafile } = await build({
    ...functionApp,
    ...functionsFromSources,
    entryPoints: { main: 'src/main.ts' },
    outdir: folder,
    splitting: true,
    chunkNames: '[name]-[hash]',
    sourcemap: true,
    sourcesContent: false,
    external: [...(functionApp.external ?? []), ...NEVER],
    metafile: true,
  })
  await writeFile(`${root}${folder}.json`, JSON.stringify(metafile))

  // What an earlier build left goes last, so that whoever reads the folder meanwhile finds a whole app.
  const made = new Set(Object.keys(metafile.outputs).map((path) => path.slice(folder.length + 1)))
  const left = (await readdir(`${root}${folder}`)).filter((name) => !made.has(name))
  for (const name of left) await rm(`${root}${folder}/${name}`, { force: true })
}

if (import.meta.main) await buildApp()
