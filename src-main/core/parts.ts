import { breathe, throwIfCancelled, type WorkContext } from './progress.ts'

/** What a part of the work is about to do: the `done`-th of `total`, counted from 0. */
export interface Part {
  readonly done: number
  readonly total: number
  readonly detail?: string
}

/** Synchronous work that stops before each of its parts, so that whoever runs it may look up. */
export type InParts<T> = Generator<Part, T, void>

/** Runs all parts in a row. */
export function atOnce<T>(work: InParts<T>): T {
  for (;;) {
    const { done, value } = work.next()
    if (done) return value
  }
}

/** Runs the parts as a stage of a job: it can be cancelled between them, and tells of them where there are several. @throws CancelledError */
export async function withPauses<T>(parts: InParts<T>, stage: string, work: WorkContext): Promise<T> {
  for (;;) {
    const { done, value } = parts.next()
    if (done) return value
    if (value.total > 1) work.progress({ kind: 'step', stage, ...value })
    await breathe()
    throwIfCancelled(work)
  }
}
