// Calls of Azure, counted by the journal of the stand-in.

import type { Stack } from '../../local/stack.ts'

type Counted = Pick<Stack, 'azure'>

/** Where the journal is now: what {@link callsSince} counts from. */
export const journalEnd = ({ azure }: Counted): number => azure.journal.since(0).next

/** How often each route was called from there on. What was not answered 200 counts apart, with its status. */
export function callsSince({ azure }: Counted, since: number): Readonly<Record<string, number>> {
  const calls: Record<string, number> = {}
  for (const { route, status } of azure.journal.since(since).entries) {
    const name = status === 200 ? route : `${route} ${status}`
    calls[name] = (calls[name] ?? 0) + 1
  }
  return calls
}
