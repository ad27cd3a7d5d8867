// A function app under our host, in one process. Its log is made, and goes nowhere.

import { statSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { startHost } from '../../local/host/start-host.ts'
import { serve } from './server.ts'

const [, , root, listing] = process.argv
if (root === undefined) throw new Error('usage: functions.ts ROOT [files]')

/** Files of the app that were loaded, with their bytes. Looking costs time: not while that is measured. */
const files: Record<string, number> = {}
if (listing === 'files')
  registerHooks({
    load(url, context, next) {
      if (url.startsWith('file:')) files[fileURLToPath(url)] = statSync(fileURLToPath(url)).size
      return next(url, context)
    },
  })

const { port } = await startHost({ root, port: 0, log: () => undefined })
serve(port, files)
