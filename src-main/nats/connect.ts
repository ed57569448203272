import {
  connect,
  credsAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
  type Authenticator,
  type NatsConnection,
} from '@nats-io/transport-node'
import { UserError } from '../core/errors.ts'
import { noLog, type Log } from '../core/log.ts'
import { checkVersion } from './server-version.ts'

export type { NatsConnection }

/** A text, or what reads it anew each time that it is needed. */
export type Secret = string | (() => string)

/** Texts, not paths, but for the URL. */
export interface NatsOptions {
  /** nats://HOST:PORT or tls://HOST:PORT, several with commas; beyond the loopback the connection is encrypted in either case. */
  readonly url: string
  /** Content of a credentials file, which names the user by itself. */
  readonly credentials?: Secret
  /** A user has an inbox of its own, `_INBOX_<user>.>`, so that permissions can keep others out. */
  readonly user?: string
  readonly password?: Secret
  readonly token?: Secret
  /** PEM of the authority that signed the server's certificate, where the system does not know it. */
  readonly authority?: string
  /** PEM of a certificate and its key, where the server asks for one. */
  readonly certificate?: string
  readonly key?: string
}

const connectTimeoutMs = 10_000
const reconnectMs = 250

/**
 * A connection that comes back by itself for as long as it is not closed, whatever the server says, and tells the log
 * of it. @throws UserError bad-nats-url, nats-unreachable
 */
export async function connectNats(options: NatsOptions, name: string, log: Log = noLog): Promise<NatsConnection> {
  const { user, authority, certificate, key } = options
  const servers = serversOf(options.url)
  try {
    const connection = await connect({
      servers,
      name,
      timeout: connectTimeoutMs,
      maxReconnectAttempts: -1,
      reconnectTimeWait: reconnectMs,
      reconnectJitter: reconnectMs,
      // The client gives up for good after a second refusal, though a password may be right again later.
      ignoreAuthErrorAbort: true,
      // A stack for each request, in case that it fails, takes a tenth of a busy gateway's time; failures have codes here.
      noAsyncTraces: true,
      authenticator: authenticators(options),
      ...(user !== undefined && { inboxPrefix: `_INBOX_${user}` }),
      ...(isEncrypted(options, servers) && { tls: { ca: authority, cert: certificate, key } }),
    })
    // Those that did not answer at first are tried again later.
    if (servers.length > 1) connection.setServers(servers)
    checkVersion(connection.info?.version, log)
    void logStatus(connection, log).catch(() => {})
    return connection
  } catch (cause) {
    throw new UserError('nats-unreachable', `The NATS server ${options.url} refused access: ${reasonOf(cause)}.`, {
      hint: 'Check the address, the credentials and the certificates.',
      cause,
    })
  }
}

/**
 * Rejects when the connection was closed and will not come back; whoever closed it need not listen.
 * @throws UserError nats-unreachable
 */
export function untilLost(connection: NatsConnection): Promise<never> {
  const lost = connection.closed().then((cause): never => {
    throw new UserError('nats-unreachable', 'The connection to the NATS server was closed for good.', { cause })
  })
  // Nobody may be waiting any more.
  lost.catch(() => {})
  return lost
}

/** Whether the server says that it keeps nothing. */
export const lacksJetStream = ({ info }: NatsConnection): boolean => info !== undefined && info.jetstream !== true

const reasonOf = (error: unknown): string => String((error as { message?: unknown }).message)

/** A refusal comes back every quarter of a second: each kind is told once until the connection is there again. */
async function logStatus(connection: NatsConnection, log: Log): Promise<void> {
  const told = new Set<string>()
  for await (const status of connection.status()) {
    if (status.type === 'disconnect')
      log('warn', 'the connection to the NATS server was lost', { server: status.server })
    if (status.type === 'error') {
      const reason = status.error.message
      if (!told.has(reason)) log('error', 'the NATS server refuses', { reason })
      told.add(reason)
    }
    if (status.type !== 'reconnect') continue
    told.clear()
    log('info', 'connected to the NATS server again', { server: status.server })
  }
}

function authenticators({ credentials, user, password = '', token }: NatsOptions): Authenticator[] {
  const all: Authenticator[] = []
  if (credentials !== undefined) {
    all.push((nonce) => credsAuthenticator(new TextEncoder().encode(textOf(credentials)))(nonce))
  }
  if (user !== undefined) all.push(usernamePasswordAuthenticator(user, () => textOf(password)))
  if (token !== undefined) all.push(tokenAuthenticator(() => textOf(token)))
  return all
}

const textOf = (secret: Secret): string => (typeof secret === 'string' ? secret : secret())

function serversOf(text: string): string[] {
  const urls = text.split(',').map((url) => url.trim())
  for (const url of urls) {
    const { protocol, username, pathname } = URL.canParse(url) ? new URL(url) : ({} as Partial<URL>)
    const isServer = (protocol === 'nats:' || protocol === 'tls:') && (pathname === '' || pathname === '/')
    if (isServer && username === '') continue
    throw new UserError('bad-nats-url', 'A NATS server is named nats://HOST:PORT or tls://HOST:PORT.', {
      hint: 'Several servers are separated by commas. Credentials have options of their own, since others can read a command line.',
    })
  }
  return urls
}

function isEncrypted({ authority, certificate }: NatsOptions, servers: readonly string[]): boolean {
  return authority !== undefined || certificate !== undefined || servers.some(needsEncryption)
}

function needsEncryption(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  const isLoopback = ['localhost', '[::1]'].includes(hostname) || /^127\.\d+\.\d+\.\d+$/.test(hostname)
  return protocol === 'tls:' || !isLoopback
}
