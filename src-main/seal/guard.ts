import { InternalError, UserError } from '../core/errors.ts'

interface Deletable {
  delete(): void
}

type Own = <D extends Deletable>(object: D) => D

/** Runs `body` and deletes what it owned, in reverse order, whether or not it threw. */
export function scoped<T>(body: (own: Own) => T): T {
  const owned: Deletable[] = []
  try {
    return body((object) => {
      owned.push(object)
      return object
    })
  } finally {
    for (const object of owned.reverse()) object.delete()
  }
}

/** Fills a fresh SEAL object; deletes it if that fails. */
export function filled<D extends Deletable>(object: D, fill: (object: D) => void): D {
  try {
    fill(object)
    return object
  } catch (error) {
    object.delete()
    throw error
  }
}

/** Runs a SEAL call on our own data; SEAL's refusal is our bug. */
export function guarded<T>(what: string, call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw ours(error) ?? new InternalError(`SEAL could not ${what}: ${reasonOf(error)}`, { cause: error })
  }
}

/** Runs a SEAL call that reads outside bytes; SEAL's refusal means that they are damaged. */
export function parsing<T>(what: string, call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw ours(error) ?? new UserError('damaged-data', `The ${what} is damaged: ${reasonOf(error)}`, { cause: error })
  }
}

const ours = (error: unknown): Error | undefined =>
  error instanceof UserError || error instanceof InternalError ? error : undefined

/** C++ exceptions arrive as WebAssembly.Exception with `message` = [type, text]. */
function reasonOf(error: unknown): string {
  const message: unknown = (error as { message?: unknown })?.message
  return Array.isArray(message) ? String(message.at(-1)) : String(message ?? error)
}
