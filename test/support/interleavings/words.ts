// Steps in words, for traces.

import type { Answer, Call } from './calls.ts'

/** What traces call a rotator. */
export const nameOf = (at: number): string => 'ABC'.charAt(at)

/** What a call and its answer come to. */
export function inWords(call: Call | undefined, answer: Answer): string {
  if (!call) return 'rests'
  const lost = answer.kind === 'lost' ? ', the answer is lost' : ''
  switch (call.kind) {
    case 'acquire':
      return answer.kind === 'held' && answer.clean ? 'has the lease' : 'has the lease, which was not given back'
    case 'regenerate':
      return `regenerates ${call.slot}${lost}`
    case 'publish':
      return `publishes ${call.value}${lost}`
    case 'judge':
      return `proves ${call.key}${lost || (answer.kind === 'verdict' && answer.accepted ? '' : ': refused')}`
    case 'read':
      return 'reads the versions'
    case 'listKeys':
      return 'reads the keys'
    case 'sleep':
      return 'has slept'
    case 'release':
      return 'gives the lease back'
    default:
      return call satisfies never
  }
}
