import { setTimeout as pause } from 'node:timers/promises'
import { isPassing } from './problems.ts'

const retryMs = 200

/** Repeats what fails for a passing reason: a full queue, a server that restarts. Throws the last failure at the deadline. */
export async function persist<T>(
  deadlineMs: number,
  work: () => Promise<T>,
  isWorthAnotherTry: (error: unknown) => boolean = isPassing,
): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!isWorthAnotherTry(error) || Date.now() + retryMs > deadlineMs) throw error
    }
    await pause(retryMs)
  }
}
