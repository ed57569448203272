import { timingSafeEqual, createHash } from 'node:crypto'
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { isAbsolute } from 'node:path'
import { InternalError, reportError, UserError } from '../core/errors.ts'
import { isLoopback } from './addresses.ts'
import { processBudget, type BodyBudget } from './body.ts'
import { limitConnections } from './connections.ts'
import { REQUEST_ID, requestIdOf, withRequestId } from './request-id.ts'

export interface ListenOptions {
  /** 127.0.0.1 unless told. Another than the loopback needs TLS and tokens. */
  readonly host?: string
  /** 0 takes a free one. */
  readonly port: number
  /** PEM. */
  readonly tls?: { readonly certificate: string; readonly key: string }
  /** Bearer tokens that are accepted; none means that no token is asked for. */
  readonly tokens?: readonly string[]
  /** What `readBody` holds bodies in; that of the process unless told. */
  readonly budget?: BodyBudget
}

export interface Reply {
  readonly status: number
  readonly type: string
  readonly body: Uint8Array | string
  readonly headers?: Readonly<Record<string, string>>
}

/** Answers one request; `token` is the fingerprint of the bearer token, '' where none is asked for. */
export type Handler = (request: IncomingMessage, token: string) => Promise<Reply>

export interface Listening {
  readonly url: string
  /** Takes no more requests and resolves when the last answer has been sent. */
  close(): Promise<void>
}

const handshakeTimeoutMs = 10_000
const headersTimeoutMs = 10_000
/** How often connections are looked at for such times; half a minute unless told. */
const connectionsCheckingInterval = 1_000

/**
 * An HTTP server for a few routes. Errors become JSON: UserError 400 (or its status by code), ours 500 without details.
 * @throws UserError insecure-listen, cannot-listen
 */
export async function listen(options: ListenOptions, handler: Handler): Promise<Listening> {
  const { host = '127.0.0.1', port, tls, tokens = [], budget = processBudget } = options
  checkListen(options)
  let closing = false
  const isOpenToAll = tokens.length === 0
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    response.once('close', () => budget.release(request))
    const id = requestIdOf(request)
    const answered = async (): Promise<Reply> =>
      await answer(request, tokens, async (incoming, token) => {
        refuseStrangers(incoming, isOpenToAll)
        return await handler(incoming, token)
      })
    withRequestId(id, answered)
      .then((reply) => {
        response.setHeader(REQUEST_ID, id)
        // Otherwise the connection would stay open for the next request.
        if (closing) response.setHeader('connection', 'close')
        send(request, response, reply)
      })
      .catch(() => response.destroy())
  }
  const server = tls ? createTls(tls, onRequest) : createHttpServer({ connectionsCheckingInterval }, onRequest)
  limitConnections(server)
  server.headersTimeout = headersTimeoutMs
  server.requestTimeout = 60_000
  server.keepAliveTimeout = 60_000
  await start(server, host, port)
  const { port: taken } = server.address() as AddressInfo
  return {
    url: `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    close: () =>
      new Promise((resolve) => {
        closing = true
        server.close(() => resolve())
        server.closeIdleConnections()
      }),
  }
}

/** @throws UserError insecure-listen where a host beyond the loopback lacks TLS or tokens */
export function checkListen({ host = '127.0.0.1', tls, tokens = [] }: ListenOptions): void {
  if (isLoopback(host) || (tls && tokens.length > 0)) return
  throw new UserError('insecure-listen', `Listening on ${host} needs a TLS certificate and a bearer token.`, {
    hint: 'Give both, or listen on 127.0.0.1.',
  })
}

/**
 * A page in somebody's browser can send requests to this machine, under a name of its own that resolves to the
 * loopback: where no token is asked for, the loopback's own names are taken. Requests of other sites never are.
 * @throws UserError wrong-host, cross-site
 */
function refuseStrangers({ headers }: IncomingMessage, isOpenToAll: boolean): void {
  const { host = '', origin, 'sec-fetch-site': site = 'none' } = headers
  const isOwnOrigin = origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)
  if (!isOwnOrigin || !['none', 'same-origin'].includes(site)) {
    throw new UserError('cross-site', 'Requests from other sites are refused.')
  }
  if (isOpenToAll && !isLoopback(host.replace(/:\d+$/, ''))) {
    throw new UserError('wrong-host', 'Without a token, the Host header must be localhost or a loopback address.')
  }
}

export const json = (status: number, value: unknown, headers?: Reply['headers']): Reply => ({
  status,
  type: 'application/json',
  body: `${JSON.stringify(value)}\n`,
  ...(headers && { headers }),
})

const statusByCode: Record<string, number> = {
  unauthorised: 401,
  refused: 403,
  'cross-site': 403,
  'wrong-host': 421,
  'not-found': 404,
  'method-not-allowed': 405,
  'request-too-large': 413,
  'unsupported-media-type': 415,
  'too-many-requests': 429,
  busy: 503,
}

async function answer(request: IncomingMessage, tokens: readonly string[], handler: Handler): Promise<Reply> {
  try {
    return await handler(request, authorise(request, tokens))
  } catch (error) {
    // What names a file of this machine is for those who run it.
    if (!(error instanceof UserError) || isAbsolute(error.where?.file ?? ''))
      return json(500, { error: reportError(new InternalError('Something failed on this server.')) })
    const status = statusByCode[error.code] ?? 400
    return json(status, { error: reportError(error) }, status === 503 || status === 429 ? { 'retry-after': '1' } : {})
  }
}

/** Compares hashes, so that the time tells nothing. Returns the token's fingerprint. */
function authorise({ headers }: IncomingMessage, tokens: readonly string[]): string {
  if (tokens.length === 0) return ''
  const given = digest(/^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '')
  const known = tokens.map(digest).filter((token) => timingSafeEqual(token, given))
  if (known.length === 0) throw new UserError('unauthorised', 'A valid bearer token is needed.')
  return given.toString('hex').slice(0, 16)
}

const digest = (token: string): Buffer => createHash('sha256').update(token).digest()

function send(request: IncomingMessage, response: ServerResponse, { status, type, body, headers }: Reply): void {
  if (!request.complete) {
    // What is left of a refused body is not worth reading.
    response.setHeader('connection', 'close')
    request.resume()
  }
  const length = Buffer.byteLength(body)
  const fixed = { 'content-type': type, 'content-length': length, 'cache-control': 'no-store' }
  response.writeHead(status, { ...fixed, ...headers }).end(body)
}

function createTls(tls: NonNullable<ListenOptions['tls']>, onRequest: Parameters<typeof createHttpServer>[1]): Server {
  try {
    const limits = { handshakeTimeout: handshakeTimeoutMs, connectionsCheckingInterval }
    return createHttpsServer({ cert: tls.certificate, key: tls.key, minVersion: 'TLSv1.2', ...limits }, onRequest)
  } catch (cause) {
    throw new UserError('bad-certificate', 'The TLS certificate or its key cannot be used.', { cause })
  }
}

const start = (server: Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const fail = (cause: Error): void =>
      reject(new UserError('cannot-listen', `Cannot listen on ${host}, port ${port}: ${cause.message}.`, { cause }))
    server.once('error', fail)
    server.listen(port, host, () => {
      server.off('error', fail)
      resolve()
    })
  })
