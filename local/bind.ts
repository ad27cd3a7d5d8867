// Everything that listens on this machine listens on loopback, and says which port it could not have.

import type { Server } from 'node:net'
import { codeOf } from './error-code.ts'

/** The message is one line that names the port. */
export class PortError extends Error {
  override readonly name = 'PortError'
}

/**
 * @param port 0 takes any free one.
 * @returns The port.
 * @throws {PortError} When the port cannot be had.
 */
export async function bindToLoopback(server: Server, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(port, '127.0.0.1', resolve)
  try {
    await promise
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EADDRINUSE') throw new PortError(`port ${port} is in use`)
    throw new PortError(`cannot listen on port ${port}${typeof code === 'string' ? ` (${code})` : ''}`)
  }
  server.removeListener('error', reject)
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a server without a port')
  return address.port
}
