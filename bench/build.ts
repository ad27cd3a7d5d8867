// What is measured, built as it is deployed: our app, and those that it is held against.

import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build } from 'esbuild'
import { functionApp, functionsFromSources } from '../esbuild.mts'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = `${root}.local/bench`

export interface Built {
  /** The script that runs an app under our host; as one file, so that a cold start is that of the app. */
  readonly host: string
  /** Folders with a package.json and a host.json. */
  readonly apps: Readonly<Record<'keystile' | 'hello' | 'lean-hello' | 'ask-each-time', string>>
}

/** Of what `npm run build` left in dist. @throws Error where that has not run. */
export async function buildAll(): Promise<Built> {
  rmSync(folder, { recursive: true, force: true })
  const host = `${folder}/host.mjs`
  await build({ ...functionApp, entryPoints: [`${root}bench/servers/functions.ts`], outfile: host, external: [] })
  const of = async (name: string, main: (folder: string) => Promise<void> | void) => {
    const app = `${folder}/${name}`
    mkdirSync(app, { recursive: true })
    await main(app)
    cpSync(`${root}host.json`, `${app}/host.json`)
    writeFileSync(`${app}/package.json`, JSON.stringify({ name, main: 'app/main.mjs' }))
    return app
  }
  const small = (name: string, main = name, more: BuildOptions = {}) =>
    of(name, async (app) => {
      const entryPoints = [`${root}bench/apps/${main}.ts`]
      await build({ ...functionApp, ...more, entryPoints, outfile: `${app}/app/main.mjs` })
    })
  return {
    host,
    apps: {
      keystile: await of('keystile', (app) => cpSync(`${root}dist/app`, `${app}/app`, { recursive: true })),
      // The library as it is shipped, as in any function app; and compiled as ours is.
      hello: await small('hello'),
      'lean-hello': await small('lean-hello', 'hello', functionsFromSources),
      'ask-each-time': await small('ask-each-time'),
    },
  }
}
