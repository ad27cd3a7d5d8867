// How an answer gets on the wire, whole or as a fault has it: the same for every server of the stand-in.

import type { ServerResponse } from 'node:http'
import { answerOf, type Fault } from './faults.ts'
import type { Answer } from './wire.ts'

export interface Work {
  /** The route, as faults and the journal call it. */
  readonly route: string
  readonly fault: Fault | undefined
  /** Headers and body of the call, for a fault that echoes them. */
  readonly sent: () => string
  /** Has the effect, and says what to answer. Never rejects. */
  readonly act: () => Promise<Answer>
  /** Writes the call down; its status is 0 when nothing is answered. */
  readonly note: (answer: Answer) => void
}

/** Does the work, or what the fault makes of it, and answers. */
export async function carryOut({ route, fault, sent, act, note }: Work, response: ServerResponse): Promise<void> {
  const broken = fault ? { fault: fault.kind } : {}
  if (fault?.kind === 'hang' || fault?.kind === 'reset-before') {
    note({ status: 0, details: broken })
    if (fault.kind === 'reset-before') response.destroy()
    return
  }
  const answer = await answerTo({ route, fault, sent, act })
  note({ ...answer, details: { ...answer.details, ...broken } })
  switch (fault?.kind) {
    case 'reset-after':
      response.destroy()
      return
    case 'cut-body':
      return cut(response, answer)
    default:
      return send(response, answer)
  }
}

async function answerTo({ route, fault, sent, act }: Omit<Work, 'note'>): Promise<Answer> {
  if (fault?.kind === 'status') return answerOf(fault, route, sent)
  if (fault?.kind === 'redirect') return { status: fault.status, headers: { location: fault.location } }
  return act()
}

export function send(response: ServerResponse, answer: Answer): void {
  response.end(prepare(response, answer))
}

/** The headers, and the half of the body that they promise. */
function cut(response: ServerResponse, answer: Answer): void {
  const payload = prepare(response, answer)
  response.write(payload.subarray(0, Math.floor(payload.length / 2)), () => response.destroy())
}

function prepare(response: ServerResponse, { status, body, headers = {} }: Answer): Buffer {
  const isText = typeof body === 'string'
  const payload = Buffer.from(body === undefined ? '' : isText ? body : JSON.stringify(body))
  const type = isText ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8'
  response.writeHead(status, {
    ...(body === undefined ? {} : { 'content-type': type }),
    ...headers,
    ...(status === 204 ? {} : { 'content-length': payload.length }),
  })
  return payload
}
