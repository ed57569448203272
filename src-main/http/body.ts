import { exactBytes } from '../core/units.ts'
import type { IncomingMessage } from 'node:http'
import { UserError } from '../core/errors.ts'

/** How many bytes of bodies may be held at once. */
export class BodyBudget {
  readonly #maxBytes: number
  readonly #heldFor = new WeakMap<IncomingMessage, number>()
  #heldBytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Until the request is answered. @throws UserError busy */
  hold(request: IncomingMessage, bytes: number): void {
    if (this.#heldBytes + bytes > this.#maxBytes) {
      throw new UserError('busy', 'Too many bytes are waiting here; try again later.')
    }
    this.#heldBytes += bytes
    this.#heldFor.set(request, (this.#heldFor.get(request) ?? 0) + bytes)
  }

  release(request: IncomingMessage): void {
    this.#heldBytes -= this.#heldFor.get(request) ?? 0
    this.#heldFor.delete(request)
  }
}

/** One for the whole process, whichever of its servers a body came to. */
export const processBudget = new BodyBudget(2 ** 28)

/**
 * The whole body, held in the budget of the process until the request is answered.
 * @throws UserError request-too-large, busy
 */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
  budget: BodyBudget = processBudget,
): Promise<Uint8Array> {
  const tooLarge = (): UserError =>
    new UserError('request-too-large', `A request may have ${exactBytes(maxBytes)} at most.`)
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge()
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > maxBytes) throw tooLarge()
    budget.hold(request, chunk.length)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
