// Servers of the stand-in listen on loopback only, and end at once.

import type { Server, Socket } from 'node:net'
import { bindToLoopback, PortError } from '../bind.ts'

export interface Listening {
  readonly port: number
  /** Ends the server and every connection, also those that hang. Safe to repeat. */
  close(): Promise<void>
}

/**
 * @param what What the error calls this server.
 * @param port 0 takes any free port.
 * @throws {PortError} Names server and port when it cannot be had.
 */
export async function listen(server: Server, what: string, port = 0): Promise<Listening> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  const bound = await bindToLoopback(server, port).catch((error: unknown) => {
    throw error instanceof PortError ? new PortError(`${what}: ${error.message}`) : error
  })
  return {
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
