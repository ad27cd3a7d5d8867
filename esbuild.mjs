// `npm run build`: the app as it is deployed. One entry; what is imported lazily becomes chunks of its own.

import { readdir, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('.', import.meta.url))
const folder = 'dist/app'
/** Imported by SDKs for what is not done here: a list of blobs as a table, a sign-in in a browser. Not packed. */
const NEVER = ['apache-arrow', 'open']

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { main: 'src/main.ts' },
  outdir: folder,
  bundle: true,
  platform: 'node',
  target: 'node22',
  // Only modules can be split. The worker imports an entry of this name: it requires any other.
  format: 'esm',
  splitting: true,
  outExtension: { '.js': '.mjs' },
  chunkNames: '[name]-[hash]',
  // Half of what has to be read and compiled at a cold start.
  minify: true,
  sourcemap: true,
  sourcesContent: false,
  // The worker hands this one over, to whoever requires it (contract of the host).
  external: ['@azure/functions-core', ...NEVER],
  banner: {
    js: "import{createRequire as moduleRequire}from'node:module';const require=moduleRequire(import.meta.url);",
  },
  logLevel: 'warning',
  metafile: true,
})
await writeFile(`${root}${folder}.json`, JSON.stringify(metafile))

// What an earlier build left goes last, so that whoever reads the folder meanwhile finds a whole app.
const made = new Set(Object.keys(metafile.outputs).map((path) => path.slice(folder.length + 1)))
const left = (await readdir(`${root}${folder}`)).filter((name) => !made.has(name))
for (const name of left) await rm(`${root}${folder}/${name}`, { force: true })
