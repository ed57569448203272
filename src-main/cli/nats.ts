import type { Command } from 'commander'
import type { NatsRequest } from '../jobs/nats.ts'
import { path } from './values.ts'

/** How to reach a NATS server; `description` says what for. */
export const withNats = (command: Command, description: string): Command =>
  command
    .option('--nats <url>', `${description}; nats://HOST:PORT or tls://HOST:PORT, encrypted beyond the loopback`)
    .option('--nats-credentials <file>', 'credentials file of NATS', path)
    .option('--nats-user <name>', 'or a user, with --nats-password-file')
    .option('--nats-password-file <file>', "that user's password", path)
    .option('--nats-token-file <file>', 'or a token', path)
    .option('--nats-ca <file>', "certificate authority of the server's certificate (PEM)", path)
    .option('--nats-cert <file>', 'client certificate, if the server asks for one (PEM)', path)
    .option('--nats-key <file>', 'its private key (PEM)', path)

export type NatsOptions = Partial<NatsRequest>
