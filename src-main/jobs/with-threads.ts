import { availableParallelism } from 'node:os'
import type { WorkContext } from '../core/progress.ts'
import { runBeside } from '../workers/run-beside.ts'

/** Lets another thread help where there is a second core; it gives the same numbers as one does. */
export const withThreads = (work: WorkContext): WorkContext =>
  availableParallelism() > 1 ? { runBeside, ...work } : work
