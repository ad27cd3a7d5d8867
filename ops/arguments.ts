// The words after `npm run poison --`.

import { parseArgs } from 'node:util'
import { type QueueName, queueNames } from './words.ts'

export const USAGE = `usage: npm run poison -- list [--queue checks|requests|near-expiry]
       npm run poison -- retry (--all | --id <message id>...) [--queue checks|requests|near-expiry]`

/** The command was not understood; its message is for whoever typed it. */
export class UsageError extends Error {}

export type Command =
  | { readonly kind: 'list'; readonly queues: readonly QueueName[] }
  | { readonly kind: 'retry'; readonly queues: readonly QueueName[]; readonly ids: readonly string[] | 'all' }

/** @throws UsageError with what does not fit. */
export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = parse(args)
  const { queue, id: ids = [], all = false } = values
  const [kind, ...more] = positionals
  if (more.length > 0) throw new UsageError(`${more[0]} is one word too many`)
  const known = queueNames.filter((name) => queue === undefined || name === queue)
  if (known.length === 0) throw new UsageError('--queue is checks, requests or near-expiry')
  if (kind === 'list') {
    if (all || ids.length > 0) throw new UsageError('list takes --queue alone')
    return { kind, queues: known }
  }
  if (kind !== 'retry') throw new UsageError('say list or retry')
  if (all === ids.length > 0) throw new UsageError('retry takes either --all or --id')
  return { kind, queues: known, ids: all ? 'all' : ids }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { queue: { type: 'string' }, id: { type: 'string', multiple: true }, all: { type: 'boolean' } },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'an option does not fit')
  }
}
