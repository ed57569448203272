import { UserError } from '../core/errors.ts'

/**
 * The client does not notice that the connection was lost, and would wait for what was on its way then.
 * @throws UserError nats-unreachable on the signal
 */
export async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  work.catch(() => {})
  let stop = (): void => {}
  try {
    return await new Promise<T>((resolve, reject) => {
      stop = () => reject(new UserError('nats-unreachable', 'The connection to the NATS server was interrupted.'))
      work.then(resolve, reject)
      if (signal.aborted) stop()
      signal.addEventListener('abort', stop, { once: true })
    })
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
