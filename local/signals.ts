// Ctrl-C and SIGTERM of a command: the first asks for an orderly end, the next one means now.

export type EndSignal = 'SIGINT' | 'SIGTERM'

/** npm passes on the Ctrl-C that the terminal has sent to everybody already: within this time it is the same one. */
const SAME_MS = 500

export function onSignals(first: (name: EndSignal) => void, again: () => void): void {
  let at: number | undefined
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (at === undefined) {
        at = performance.now()
        first(name)
      } else if (performance.now() - at > SAME_MS) again()
    })
  }
}
