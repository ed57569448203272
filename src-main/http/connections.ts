import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { isLoopback } from './addresses.ts'

const MAX_CONNECTIONS = 256
/** Of another machine; on the loopback may stand a proxy, through which all come. */
const MAX_OF_ONE_ADDRESS = 64

interface Connection {
  readonly socket: Socket
  readonly address: string
  /** The one that is being answered. */
  request?: IncomingMessage
}

/**
 * Bounds a server's connections, in all and for each address. Where a bound is met, the oldest one that has not sent
 * a whole request makes room: silence, half a handshake or half a body keep nobody out.
 */
export function limitConnections(server: Server): void {
  /** By remote address and port, oldest first. A TLS connection is counted before its handshake. */
  const open = new Map<string, Connection>()
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? ''
    const alike = isLoopback(address) ? [] : [...open.values()].filter((each) => each.address === address)
    const crowd =
      alike.length >= MAX_OF_ONE_ADDRESS ? alike : open.size >= MAX_CONNECTIONS ? [...open.values()] : undefined
    const leaving = crowd?.find(({ request }) => request === undefined || !request.complete)
    if (crowd && !leaving) return void socket.destroy()
    const key = keyOf(socket)
    open.set(key, { socket, address })
    socket.once('close', () => open.delete(key))
    if (leaving) {
      open.delete(keyOf(leaving.socket))
      leaving.socket.destroy()
    }
  })
  server.on('request', (request, response) => {
    const connection = open.get(keyOf(request.socket))
    if (!connection) return
    connection.request = request
    response.once('close', () => (connection.request = undefined))
  })
}

/** Of the plain socket and of the encrypted one on it alike. */
const keyOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`
