import type { EvaluatorChoice } from '../core/plan/evaluator-kinds.ts'
import type { LogLevel } from '../core/log.ts'
import type { WorkContext } from '../core/progress.ts'
import { trustArguments, type TrustRequest } from './edge-bundle.ts'
import { runEdge } from './edge-process.ts'
import type { ListenRequest } from './listen.ts'
import { natsArguments, type NatsRequest } from './nats.ts'

export interface EdgeServeRequest extends TrustRequest, ListenRequest, Partial<NatsRequest> {
  readonly bundle: string
  readonly threads?: number
  readonly memory?: string
  readonly evaluator?: EvaluatorChoice
  /** Requests that may wait or run; more are refused at once. */
  readonly queue: number
  /** The owner's gateway: with it answers are labels, without it encrypted results. */
  readonly gateway?: string
  /** File with the bearer token for the gateway. */
  readonly gatewayTokenFile?: string
  /** Which segments, from 1, comma-separated; all that the bundle holds where it is left open. */
  readonly segments?: string
  /** With NATS: where `/health`, `/ready` and `/metrics` are answered; nowhere where it is left open. */
  readonly statusPort?: number
  readonly logLevel?: LogLevel
}

/** What is being answered when the server is told to stop may take so long. */
const GRACE_MS = 120_000

/** Serves a bundle over HTTP, or over NATS, from another process until the work is cancelled. @throws UserError what listening says */
export async function edgeServe(
  request: EdgeServeRequest,
  work: WorkContext,
  onUrl: (url: string) => void,
): Promise<{ closed: true }> {
  const values = {
    host: request.host,
    port: request.port,
    queue: request.queue,
    threads: request.threads,
    memory: request.memory,
    evaluator: request.evaluator,
    'tls-cert': request.tlsCert,
    'tls-key': request.tlsKey,
    'token-file': request.tokenFile,
    gateway: request.gateway,
    'gateway-token-file': request.gatewayTokenFile,
    segments: request.segments,
    'status-port': request.statusPort,
    'log-level': request.logLevel,
  }
  const given = Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]))
  return await runEdge(
    ['serve', request.bundle, ...given, ...natsArguments(request), ...trustArguments(request)],
    work,
    {
      onUrl,
      graceMs: GRACE_MS,
    },
  )
}
