import { UserError } from '../core/errors.ts'
import { readText, readTokens } from '../files/read-file.ts'
import type { ListenOptions } from '../http/listen.ts'

/** Where a server listens; files hold PEM, or one bearer token a line. */
export interface ListenRequest {
  /** 127.0.0.1 where it is left open; another than the loopback needs TLS and tokens. */
  readonly host?: string
  /** 0 takes a free one. */
  readonly port: number
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tokenFile?: string
}

/** @throws UserError bad-certificate, no-token, file-… */
export async function listenOptions({ host, port, tlsCert, tlsKey, tokenFile }: ListenRequest): Promise<ListenOptions> {
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new UserError('bad-certificate', 'A TLS certificate and its key belong together.')
  }
  const tls = tlsCert !== undefined &&
    tlsKey !== undefined && { certificate: await readText(tlsCert), key: await readText(tlsKey) }
  return {
    ...(host !== undefined && { host }),
    port,
    ...(tls && { tls }),
    tokens: await readTokens(tokenFile),
  }
}
