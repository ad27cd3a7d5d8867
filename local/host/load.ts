// Puts the core in place of the module that no package provides, and loads the app by its package.json `main`.

import { globSync, readFileSync } from 'node:fs'
import Module, { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import type { CoreApi } from './core.ts'
import { describeError, StartError } from './errors.ts'

const CORE = '@azure/functions-core'
let installed = false

/**
 * Makes `require('@azure/functions-core')` answer with `api`, in CommonJS, ES modules and bundles alike: the library
 * asks for it with `require`, once, and remembers the answer. So one process can host one app, once.
 *
 * @throws {StartError} When this process has hosted an app before.
 */
export function installCore(api: CoreApi): void {
  if (installed) throw new StartError('this process has loaded an app already: start another process')
  installed = true
  Module.prototype.require = new Proxy(Module.prototype.require, {
    apply: (require, self, args) => (args[0] === CORE ? api : Reflect.apply(require, self, args)),
  })
}

const packageJson = z.object({ main: z.string().optional(), type: z.string().optional() })

/**
 * Loads each file that package.json `main`, a glob, matches below `root`; in the order of their names.
 *
 * @returns What went wrong, or `undefined`. As in the real worker that ends the loading, not the host: whatever was
 *   registered before stays registered.
 * @throws {StartError} When there is no readable package.json with a `main`.
 */
export async function loadApp(root: string): Promise<string | undefined> {
  const { main, type } = readPackageJson(root)
  try {
    const files = globSync(main, { cwd: root }).sort()
    if (files.length === 0) throw new Error('Found zero files matching the supplied pattern')
    for (const file of files) {
      const path = resolve(root, file)
      const isModule = path.endsWith('.mjs') || (type === 'module' && !path.endsWith('.cjs'))
      if (isModule) await import(pathToFileURL(path).href)
      else createRequire(path)(path)
    }
    return undefined
  } catch (err) {
    return `Worker was unable to load entry point "${main}": ${describeError(err)}`
  }
}

function readPackageJson(root: string): { main: string; type: string | undefined } {
  let json: unknown
  try {
    json = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  } catch {
    throw new StartError(`no readable package.json in ${root}`)
  }
  const { main, type } = packageJson.safeParse(json).data ?? {}
  if (!main) throw new StartError(`package.json in ${root} has no "main" that says which files are the app`)
  return { main, type }
}
