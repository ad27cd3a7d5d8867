// Reads what a client sends, up to a limit.

import type { IncomingMessage } from 'node:http'

/** @returns Nothing when the body is over the limit. It is read to its end all the same, or no answer would get through. */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size <= limitBytes) chunks.push(chunk)
  }
  return size <= limitBytes ? Buffer.concat(chunks) : undefined
}
