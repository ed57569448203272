/** What the window's main process and an engine process say to each other; one engine process runs one job. */
import type { ErrorReport } from '../core/errors.ts'
import type { ProgressEvent } from '../core/progress.ts'
import type { EngineJobName, EngineJobs } from './engine-jobs.ts'

export type ToEngine =
  | { readonly kind: 'run'; readonly job: EngineJobName; readonly request: EngineJobs[EngineJobName]['request'] }
  | { readonly kind: 'cancel' }

export type FromEngine =
  | { readonly kind: 'progress'; readonly event: ProgressEvent }
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly error: ErrorReport }
