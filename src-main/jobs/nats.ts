import { readText } from '../files/read-file.ts'
import { reread } from '../files/reread.ts'
import type { NatsOptions } from '../nats/connect.ts'

/** How to reach a NATS server: paths, but for the URL and the user. */
export interface NatsRequest {
  /** nats://HOST:PORT or tls://HOST:PORT. */
  readonly nats: string
  readonly natsCredentials?: string
  readonly natsUser?: string
  readonly natsPasswordFile?: string
  readonly natsTokenFile?: string
  /** PEM of the authority that signed the server's certificate. */
  readonly natsCa?: string
  readonly natsCert?: string
  readonly natsKey?: string
}

/** @throws UserError file-… */
export async function natsOptions(request: NatsRequest): Promise<NatsOptions> {
  const read = async (path: string | undefined) => (path === undefined ? undefined : await readText(path))
  /** Read anew whenever the connection is: a password may change while a server runs. */
  const secret = async (path: string | undefined): Promise<(() => string) | undefined> => {
    if (path === undefined) return undefined
    const text = reread(path, await readText(path))
    return () => text().trim()
  }
  return {
    url: request.nats,
    credentials: await secret(request.natsCredentials),
    user: request.natsUser,
    password: await secret(request.natsPasswordFile),
    token: await secret(request.natsTokenFile),
    authority: await read(request.natsCa),
    certificate: await read(request.natsCert),
    key: await read(request.natsKey),
  }
}

/** The same for the edge's own process. */
export function natsArguments(request: Partial<NatsRequest>): string[] {
  const values = {
    nats: request.nats,
    'nats-credentials': request.natsCredentials,
    'nats-user': request.natsUser,
    'nats-password-file': request.natsPasswordFile,
    'nats-token-file': request.natsTokenFile,
    'nats-ca': request.natsCa,
    'nats-cert': request.natsCert,
    'nats-key': request.natsKey,
  }
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]))
}
