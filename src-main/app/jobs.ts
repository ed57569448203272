/** The jobs of the window: starts them, passes on what they report, and stops them all when the window goes. */
import { randomUUID } from 'node:crypto'
import type { ErrorReport } from '../core/errors.ts'
import { CancelledError, InternalError, reportError } from '../core/errors.ts'
import type { ProgressEvent } from '../core/progress.ts'
import { jobResults, jobUpdate } from '../ipc/jobs.ts'
import type { JobName, JobUpdate } from '../ipc/jobs.ts'
import type { EngineJobName, EngineJobs } from './engine-jobs.ts'
import { EngineError, startEngine } from './engine-process.ts'
import type { EngineRun } from './engine-process.ts'

/** Steps closer together than this are not worth a repaint. */
const repaintMs = 50

export interface WindowJob<N extends EngineJobName> {
  readonly name: JobName
  readonly engineJob: N
  readonly request: EngineJobs[N]['request']
  /** Turns the engine's result into what the window is shown; runs in main. */
  view(value: EngineJobs[N]['result']): unknown
}

export class WindowJobs {
  readonly #running = new Map<string, EngineRun<unknown>>()
  readonly #engineFolder: string
  readonly #tell: (update: JobUpdate) => void

  constructor(engineFolder: string, tell: (update: JobUpdate) => void) {
    this.#engineFolder = engineFolder
    this.#tell = (update) => tell(jobUpdate.parse(update))
  }

  /** @returns the job's id, which every update carries. */
  start<N extends EngineJobName>(job: WindowJob<N>): string {
    const about = { jobId: randomUUID(), job: job.name }
    const progress = atMostEvery(repaintMs, (event) => this.#tell({ ...about, state: 'running', event }))
    const run = startEngine(this.#engineFolder, job.engineJob, job.request, progress)
    this.#running.set(about.jobId, run)
    run.result
      .then((value) => {
        const view = jobResults[job.name].safeParse(job.view(value))
        if (!view.success) throw new InternalError(`${job.name}: its result does not fit the contract.`)
        this.#tell({ ...about, state: 'done', value: view.data })
      })
      .catch((error: unknown) => {
        if (error instanceof CancelledError) this.#tell({ ...about, state: 'cancelled' })
        else this.#tell({ ...about, state: 'failed', error: asReport(error) })
      })
      .finally(() => this.#running.delete(about.jobId))
    return about.jobId
  }

  cancel(jobId: string): void {
    this.#running.get(jobId)?.cancel()
  }

  get busy(): boolean {
    return this.#running.size > 0
  }

  /** Cancels every job and waits until their processes are gone. */
  async stopAll(): Promise<void> {
    const runs = [...this.#running.values()]
    for (const run of runs) run.cancel()
    await Promise.allSettled(runs.map((run) => run.result))
  }
}

const asReport = (error: unknown): ErrorReport => (error instanceof EngineError ? error.report : reportError(error))

/** Drops steps that come too fast; stages, warnings and each stage's last step always pass. */
function atMostEvery(ms: number, listener: (event: ProgressEvent) => void): (event: ProgressEvent) => void {
  let last = -Infinity
  return (event) => {
    const now = performance.now()
    if (event.kind === 'step' && event.done < event.total && now - last < ms) return
    last = now
    listener(event)
  }
}
