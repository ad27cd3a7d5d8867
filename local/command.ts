// What the commands share: --help, an error in one line with exit code 1, and what to do where nothing answers.

import { once } from 'node:events'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { codeOf } from './error-code.ts'
import { type EndSignal, onSignals } from './signals.ts'

/** Runs a command to its end. A number that it returns is the exit code. Asked for help, it says `usage` alone. */
export async function runCommand(usage: string, main: () => Promise<number | undefined>): Promise<void> {
  if (asksForHelp(process.argv.slice(2))) return console.log(usage)
  try {
    process.exitCode = (await main()) ?? 0
  } catch (error) {
    console.error(explain(error))
    process.exitCode = 1
  }
}

export const asksForHelp = (args: readonly string[]): boolean => args.includes('--help') || args.includes('-h')

/** @returns One line, or the lines of a message of ours; never a stack. */
export function explain(error: unknown): string {
  const place = refusedBy(error)
  if (place !== undefined) return new NothingAnswers(place).message
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

/** Its message is one line, and of ours alone. */
export class NothingAnswers extends Error {
  constructor(place: string) {
    super(`nothing answers at ${place}: is \`npm start\` running?`)
  }
}

/**
 * A run that was killed leaves its file behind, as if it went on.
 *
 * @param what it is, such as `the vendor`.
 * @throws NothingAnswers
 */
export async function expectListener(url: string, what: string): Promise<void> {
  const { hostname, port, host } = new URL(url)
  const socket = connect(Number(port), hostname)
  try {
    await once(socket, 'connect')
  } catch {
    throw new NothingAnswers(`${host}, ${what}`)
  } finally {
    socket.destroy()
  }
}

/** @throws Error that says how to get the package. */
export function expectInstalled(name: string): void {
  try {
    createRequire(import.meta.url).resolve(name)
  } catch {
    throw new Error(`${name} is not among our dependencies: \`npm install --no-save ${name}\` first`)
  }
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
class Stopped extends Error {
  /** As a shell tells it. */
  readonly exitCode: 130 | 143
  constructor(by: EndSignal) {
    super(`ended by ${by}`)
    this.exitCode = by === 'SIGINT' ? 130 : 143
  }
}

/**
 * For work that ends by itself. A signal ends it early: that is one line, and the exit code that a shell knows.
 *
 * @param work stops all that it started, also when it throws.
 */
export async function unlessStopped(work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const signal = untilSignal()
  try {
    return await work(signal)
  } catch (error) {
    const { reason } = signal
    if (!(reason instanceof Stopped)) throw error
    console.log(`${reason.message}: everything that this command started was stopped`)
    return reason.exitCode
  }
}
