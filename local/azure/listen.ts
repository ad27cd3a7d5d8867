// Servers of the stand-in listen on loopback only, and end at once.

import type { AddressInfo, Server, Socket } from 'node:net'

export interface Listening {
  readonly port: number
  /** Ends the server and every connection, also those that hang. Safe to repeat. */
  close(): Promise<void>
}

/**
 * @param what What the error calls this server.
 * @param port 0 takes any free port.
 * @throws Error that names the port when it cannot be had.
 */
export async function listen(server: Server, what: string, port = 0): Promise<Listening> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be had (${error.code})`
      reject(new Error(`${what}: port ${port} on 127.0.0.1 ${why}`))
    })
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    port: portOf(server),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address()
  if (address === null || typeof address === 'string') throw new Error('a server without a port')
  return address.port
}
