import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

export const REQUEST_ID = 'x-request-id'

/** It ends in logs: short, and without anything that means something there. */
const sensible = /^[A-Za-z0-9._-]{1,64}$/

const ids = new AsyncLocalStorage<string>()

/**
 * By which the logs of edge and gateway and the audit log find one request: what the client sent in `X-Request-Id`, or
 * a new one; the job's id where it came by a queue.
 */
export const currentRequestId = (): string | undefined => ids.getStore()

/** Runs `work`, so that all it logs carries this id. */
export const withRequestId = <T>(id: string, work: () => T): T => ids.run(id, work)

/** The id that a request brings along if it is a sensible one, else a fresh one. */
export function requestIdOf({ headers }: IncomingMessage): string {
  const sent = headers[REQUEST_ID]
  return typeof sent === 'string' && sensible.test(sent) ? sent : randomBytes(8).toString('hex')
}
