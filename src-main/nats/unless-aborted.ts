import { UserError } from '../core/errors.ts'

/**
 * The client does not notice that the connection was lost, and would wait for what was on its way then.
 * @throws UserError nats-unreachable on a signal
 */
export async function unlessAborted<T>(signals: readonly AbortSignal[], work: Promise<T>): Promise<T> {
  work.catch(() => {})
  let forget = (): void => {}
  try {
    return await new Promise<T>((resolve, reject) => {
      const stop = () => reject(new UserError('nats-unreachable', 'The connection to the NATS server was interrupted.'))
      work.then(resolve, reject)
      forget = onAbort(signals, stop)
    })
  } finally {
    forget()
  }
}

/**
 * Acts once a signal comes, or at once where one has; what is returned ends that. `AbortSignal.any` would leave some 400 bytes
 * behind each time in a signal that lives as long as the connection (Node 22.22).
 */
export function onAbort(signals: readonly AbortSignal[], act: () => void): () => void {
  if (signals.some(({ aborted }) => aborted)) act()
  for (const signal of signals) signal.addEventListener('abort', act)
  return () => {
    for (const signal of signals) signal.removeEventListener('abort', act)
  }
}
