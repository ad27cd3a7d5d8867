// What the commands share: an error is one line and exit code 1, and a refused connection says what to do about it.

import { codeOf } from './error-code.ts'
import { type EndSignal, onSignals } from './signals.ts'

/** Runs a command to its end. A number that it returns is the exit code. */
export async function runCommand(main: () => Promise<number | undefined>): Promise<void> {
  try {
    process.exitCode = (await main()) ?? 0
  } catch (error) {
    console.error(explain(error))
    process.exitCode = 1
  }
}

/** @returns One line, or the lines of a message of ours; never a stack. */
export function explain(error: unknown): string {
  const place = refusedBy(error)
  if (place !== undefined) return `nothing answers at ${place}: is \`npm start\` running?`
  return error instanceof Error ? error.message : String(error)
}

/** Where a connection was refused: the error of `fetch` has it somewhere among its causes. */
function refusedBy(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  if (codeOf(error) === 'ECONNREFUSED' && 'address' in error && 'port' in error) return `${error.address}:${error.port}`
  const several: unknown[] = 'errors' in error && Array.isArray(error.errors) ? error.errors : []
  const inner = 'cause' in error ? [...several, error.cause] : several
  return inner.map(refusedBy).find((place) => place !== undefined)
}

/** Ends with the first SIGINT or SIGTERM, for the reason {@link Stopped}; a later one ends the process as it stands. */
export function untilSignal(): AbortSignal {
  const stop = new AbortController()
  onSignals(
    (name) => stop.abort(new Stopped(name)),
    () => process.exit(1),
  )
  return stop.signal
}

/** Why the work was ended from outside. */
export class Stopped extends Error {
  /** As a shell tells it. */
  readonly exitCode: 130 | 143
  constructor(by: EndSignal) {
    super(`ended by ${by}`)
    this.exitCode = by === 'SIGINT' ? 130 : 143
  }
}
