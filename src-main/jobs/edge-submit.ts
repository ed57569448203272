import type { WorkContext } from '../core/progress.ts'
import type { Submitted } from '../edge/nats/commands.ts'
import { trustArguments, type TrustRequest } from './edge-bundle.ts'
import { runEdge } from './edge-process.ts'
import { natsArguments, type NatsRequest } from './nats.ts'

export interface EdgeSubmitRequest extends TrustRequest, NatsRequest {
  readonly bundle: string
  readonly input: string
  /** The first sample of `input`, and how many. */
  readonly index: number
  readonly count: number
  /** Seconds from submission to an answer. */
  readonly deadline: number
  /** Jobs under way at once. */
  readonly queue: number
}

export interface EdgeSubmitResult {
  readonly jobs: readonly Submitted[]
}

/**
 * Encrypts samples in another process, submits them over NATS and waits for what the owner's gateway reveals.
 * @throws UserError what opening a bundle says, nats-unreachable, no-queues; of a single sample also busy,
 *   deadline-exceeded, job-failed
 */
export async function edgeSubmit(request: EdgeSubmitRequest, work: WorkContext): Promise<EdgeSubmitResult> {
  const { bundle, input, index, count, deadline, queue } = request
  const values = { input, index, count, deadline, queue }
  return await runEdge(
    [
      'submit',
      bundle,
      ...Object.entries(values).map(([name, value]) => `--${name}=${value}`),
      ...natsArguments(request),
      ...trustArguments(request),
    ],
    work,
  )
}
