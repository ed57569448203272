import { JetStreamApiError } from '@nats-io/jetstream'
import { errors, PermissionViolationError } from '@nats-io/transport-node'
import { InternalError, UserError } from '../core/errors.ts'

/** The server's own codes: https://github.com/nats-io/nats-server/blob/main/server/errors.json */
export const WRONG_LAST_SEQUENCE = 10071
/** Of a store that did not take a message: a queue has as many as it holds, or there is another reason. */
const NOT_STORED = 10077
const isQueueFull = ({ code, message }: JetStreamApiError): boolean =>
  code === NOT_STORED && message.includes('maximum messages per subject')
/** Of the disk, or of what the server's configuration gives JetStream of it. */
const NO_ROOM = [10023, 10047, NOT_STORED]
const MISSING = [10037, 10059, 10014]
const MISSING_STATUS = 404

/** Whether the server says that there is no such stream, consumer or message. */
export const isMissing = (error: unknown): boolean => {
  const { code } = error as { code?: unknown }
  return MISSING.includes(Number(code)) || code === MISSING_STATUS
}

/** Whether this user may not ask so, or nobody serves such requests. */
export const isRefused = (error: unknown): boolean =>
  [error, (error as Error).cause].some(
    (it) => it instanceof PermissionViolationError || it instanceof errors.NoRespondersError,
  )

/** What a NATS call failed with, as the person's problem where it is one. */
export function natsProblem(cause: unknown): Error {
  if (cause instanceof UserError || cause instanceof InternalError) return cause
  if (cause instanceof JetStreamApiError && isQueueFull(cause)) {
    return new UserError('busy', 'The queue is full.', { hint: 'Try again later.', cause })
  }
  if (cause instanceof JetStreamApiError && NO_ROOM.includes(cause.code)) {
    return new UserError('nats-full', `The NATS server has no room left: ${cause.message}.`, {
      hint: 'Give JetStream more of its disk (max_file_store), or make room there. What is finished or an hour old goes by itself.',
      cause,
    })
  }
  if (cause instanceof PermissionViolationError) {
    return new UserError('nats-forbidden', `The NATS server does not permit this user to do it: ${cause.message}.`, {
      hint: 'Compare the permissions of this user in the configuration of the server with docs/nats-server.conf.',
      cause,
    })
  }
  return new UserError(
    'nats-unreachable',
    `The NATS server did not carry out a request: ${(cause as Error).message}.`,
    { cause },
  )
}

export const noQueues = (deployment: string, cause: unknown): UserError =>
  new UserError('no-queues', `The NATS server has no queues for the deployment ${deployment}.`, {
    hint: "Start the owner's gateway with --nats first. It creates them.",
    cause,
  })

export const noJetStream = (cause: unknown): UserError =>
  new UserError('no-jetstream', 'The NATS server runs without JetStream, which keeps the queues.', {
    hint: 'Start it with -js, or with a jetstream block in its configuration.',
    cause,
  })

/** Whether waiting may help. */
export const isPassing = (error: unknown): boolean =>
  error instanceof UserError && ['busy', 'nats-full', 'nats-unreachable', 'too-many-requests'].includes(error.code)
