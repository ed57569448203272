import { JetStreamApiError } from '@nats-io/jetstream'
import { InternalError, UserError } from '../core/errors.ts'

/** The server's own codes: https://github.com/nats-io/nats-server/blob/main/server/errors.json */
export const WRONG_LAST_SEQUENCE = 10071
const TOO_MANY_PER_SUBJECT = 10077
const MISSING = [10037, 10059, 10014]
const MISSING_STATUS = 404
const MISSING_OBJECTS = ['object not found', 'object store not found']

export const isMissing = (error: unknown): boolean => {
  const { code, message } = error as { code?: unknown; message?: unknown }
  return MISSING.includes(Number(code)) || code === MISSING_STATUS || MISSING_OBJECTS.includes(String(message))
}

/** What a NATS call failed with, as the person's problem where it is one. */
export function natsProblem(cause: unknown): Error {
  if (cause instanceof UserError || cause instanceof InternalError) return cause
  if (cause instanceof JetStreamApiError && cause.code === TOO_MANY_PER_SUBJECT) {
    return new UserError('busy', 'The queue is full.', { hint: 'Try again later.', cause })
  }
  return new UserError('nats-unreachable', `The NATS server did not do it: ${(cause as Error).message}.`, { cause })
}

/** Whether waiting may help. */
export const isPassing = (error: unknown): boolean =>
  error instanceof UserError && ['busy', 'nats-unreachable', 'too-many-requests'].includes(error.code)
