import type { RunBeside } from './beside.ts'
import { CancelledError } from './errors.ts'
import type { Log } from './log.ts'

/** One event of a running job. `done`/`total` count the stage's own units (layers, samples, bytes). */
export type ProgressEvent =
  | { readonly kind: 'stage'; readonly stage: string }
  | {
      readonly kind: 'step'
      readonly stage: string
      readonly done: number
      readonly total: number
      readonly detail?: string
      readonly remainingMs?: number
    }
  | { readonly kind: 'warning'; readonly stage: string; readonly message: string }

export type ProgressListener = (event: ProgressEvent) => void

/** What long work is given: where to report, and when to stop. */
export interface WorkContext {
  readonly progress: ProgressListener
  readonly signal?: AbortSignal
  /** Of servers. */
  readonly log?: Log
  /** Where another thread may help. */
  readonly runBeside?: RunBeside
}

export const silent: WorkContext = { progress: () => {} }

/** Call between units of work. */
export function throwIfCancelled(work: WorkContext): void {
  if (work.signal?.aborted) throw new CancelledError()
}

/** Below this part of the work, what remains cannot be told from what was done. */
const leastDone = 0.05

/** Lets timers, signals and messages through between units of work that never waits. */
export const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))

/** Counts units of one stage and, from a twentieth on, estimates what remains from the mean time of those done. */
export function stepCounter(
  work: WorkContext,
  stage: string,
  total: number,
  now: () => number = () => performance.now(),
) {
  const startedMs = now()
  let done = 0
  work.progress({ kind: 'stage', stage })
  return (detail?: string): void => {
    throwIfCancelled(work)
    done += 1
    const remainingMs = ((now() - startedMs) / done) * (total - done)
    const known = done >= leastDone * total && { remainingMs }
    work.progress({ kind: 'step', stage, done, total, ...known, ...(detail !== undefined && { detail }) })
  }
}
