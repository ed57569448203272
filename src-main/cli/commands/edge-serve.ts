import type { Command } from 'commander'
import type { TrustRequest } from '../../jobs/edge-bundle.ts'
import { edgeServe } from '../../jobs/edge-serve.ts'
import { announce, answer, command } from '../command.ts'
import { withNats, type NatsOptions } from '../nats.ts'
import { logOf, withListening, withLog, withRunner, withTrust } from '../options.ts'
import type { ListenOptions, LogOptions, RunnerOptions } from '../options.ts'
import { path, positiveNumber, wholeNumber } from '../values.ts'

interface Options extends TrustRequest, ListenOptions, RunnerOptions, NatsOptions, LogOptions {
  readonly json?: boolean
  readonly queue: number
  readonly gateway?: string
  readonly gatewayTokenFile?: string
  readonly segments?: string
  readonly statusPort?: number
}

export function edgeServeCommand(): Command {
  const base = command(
    'serve <bundle>',
    'answer over HTTP: POST a picture or .npy to /v1/run; or take tasks from NATS',
    [
      'sealwright edge serve lenet5.sealed',
      'sealwright edge serve lenet5.sealed --gateway https://owner.example --gateway-token-file token.txt',
      'sealwright edge serve node-2.sealed --nats nats://127.0.0.1:4222',
    ],
  )
    .option('--queue <number>', 'requests that may wait or run; further ones get 503', positiveNumber, 8)
    .option('--gateway <url>', "the owner's gateway: answers become labels")
    .option('--gateway-token-file <file>', 'bearer token for the gateway', path)
    .option('--status-port <port>', 'with --nats: answer GET /health, /ready and /metrics on 127.0.0.1', wholeNumber)
    .option('--segments <list>', 'which ones, such as 1,3 (default: all that the bundle holds)')
  const queued = withNats(base, "take the segments' tasks from this server's queues; HTTP is off then")
  return withLog(withTrust(withListening(withRunner(queued), 8080))).action(
    async (bundle: string, { json, ...options }: Options) => {
      await answer(json === true, async (work) => {
        const log = logOf(options, 'edge')
        const result = await edgeServe({ bundle: path(bundle), ...options }, { ...work, log }, (url) =>
          announce(json === true, url),
        )
        return { json: result, text: 'stopped' }
      })
    },
  )
}
