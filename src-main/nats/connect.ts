import { connect, credsAuthenticator, type NatsConnection } from '@nats-io/transport-node'
import { UserError } from '../core/errors.ts'

export type { NatsConnection }

/** Texts, not paths, but for the URL. */
export interface NatsOptions {
  /** nats://HOST:PORT or tls://HOST:PORT; beyond the loopback the connection is encrypted in either case. */
  readonly url: string
  /** Content of a credentials file, which names the user by itself. */
  readonly credentials?: string
  /** A user has an inbox of its own, `_INBOX_<user>.>`, so that permissions can keep others out. */
  readonly user?: string
  readonly password?: string
  readonly token?: string
  /** PEM of the authority that signed the server's certificate, where the system does not know it. */
  readonly authority?: string
  /** PEM of a certificate and its key, where the server asks for one. */
  readonly certificate?: string
  readonly key?: string
}

const connectTimeoutMs = 10_000
const reconnectMs = 250

/** A connection that comes back by itself for as long as it is not closed. Throws UserError 'bad-nats-url', 'nats-unreachable'. */
export async function connectNats(options: NatsOptions, name: string): Promise<NatsConnection> {
  const { url, credentials, user, password, token, authority, certificate, key } = options
  checkUrl(url)
  try {
    return await connect({
      servers: url,
      name,
      timeout: connectTimeoutMs,
      maxReconnectAttempts: -1,
      reconnectTimeWait: reconnectMs,
      reconnectJitter: reconnectMs,
      ...(credentials !== undefined && { authenticator: credsAuthenticator(new TextEncoder().encode(credentials)) }),
      ...(user !== undefined && { user, pass: password ?? '', inboxPrefix: `_INBOX_${user}` }),
      ...(token !== undefined && { token }),
      ...(isEncrypted(options) && { tls: { ca: authority, cert: certificate, key } }),
    })
  } catch (cause) {
    throw new UserError('nats-unreachable', `The NATS server ${url} gave no access: ${(cause as Error).message}.`, {
      hint: 'Check the address, the credentials and the certificates.',
      cause,
    })
  }
}

function checkUrl(url: string): void {
  const { protocol, username, pathname } = URL.canParse(url) ? new URL(url) : ({} as Partial<URL>)
  const isServer = (protocol === 'nats:' || protocol === 'tls:') && (pathname === '' || pathname === '/')
  if (!isServer || username !== '') {
    throw new UserError('bad-nats-url', 'A NATS server is named nats://HOST:PORT or tls://HOST:PORT.', {
      hint: 'Credentials have options of their own, since others can read a command line.',
    })
  }
}

function isEncrypted({ url, authority, certificate }: NatsOptions): boolean {
  const { protocol, hostname } = new URL(url)
  const isLoopback = ['localhost', '[::1]'].includes(hostname) || /^127\.\d+\.\d+\.\d+$/.test(hostname)
  return protocol === 'tls:' || !isLoopback || authority !== undefined || certificate !== undefined
}
