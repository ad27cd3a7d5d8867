// Runs the Core Tools' `func` with the given arguments, as a Node process that ends with its parent; `func` cannot.

import { spawn } from 'node:child_process'

// Before there is a child: it may speak, and somebody send a signal, before the next line of this process runs.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => child.kill(signal))
const child = spawn('func', process.argv.slice(2), { stdio: 'inherit' })
child.once('error', (error) => {
  console.error(`func: ${error.message}`)
  process.exit(1)
})
child.once('exit', (code) => process.exit(code ?? 1))
