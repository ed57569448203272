/** The jobs of the window: starts them, passes on what they report, and stops them all when the window goes. */
import { randomUUID } from 'node:crypto'
import type { ErrorReport } from '../core/errors.ts'
import { CancelledError, InternalError, reportError, UserError } from '../core/errors.ts'
import type { ProgressEvent } from '../core/progress.ts'
import { jobResults, jobUpdate } from '../ipc/jobs.ts'
import type { JobName, JobResult, JobUpdate } from '../ipc/jobs.ts'
import type { EngineJobs } from './engine-jobs.ts'
import { EngineError, startEngine } from './engine-process.ts'
import type { EngineRun } from './engine-process.ts'

/** Steps closer together than this are not worth a repaint. */
const repaintMs = 50

export class WindowJobs {
  readonly #running = new Map<string, { job: JobName; run: EngineRun<unknown>; ended: Promise<void> }>()
  readonly #engineFolder: string
  readonly #tell: (update: JobUpdate) => void
  readonly #ended: (job: JobName, ms: number, succeeded: boolean) => void

  /** `ended` is told of jobs that were done or failed, and how long they took. */
  constructor(
    engineFolder: string,
    tell: (update: JobUpdate) => void,
    ended: (job: JobName, ms: number, succeeded: boolean) => void = () => {},
  ) {
    this.#engineFolder = engineFolder
    this.#ended = ended
    this.#tell = (update) => tell(jobUpdate.parse(update))
  }

  /** Starts a job; `afterwards` is given its result, if it has one. @returns its id, which every update carries. */
  start<N extends JobName>(
    job: N,
    request: EngineJobs[N]['request'],
    afterwards?: (result: JobResult<N> | undefined) => Promise<void>,
  ): string {
    const about = { jobId: randomUUID(), job }
    const startedMs = performance.now()
    const progress = atMostEvery(repaintMs, (event) => this.#tell({ ...about, state: 'running', event }))
    const run = startEngine(this.#engineFolder, job, request, progress)
    const ended = run.result.then(viewOf(job), asOutcome).then(async (found) => {
      const result = found.state === 'done' ? (found.value as JobResult<N>) : undefined
      const outcome = (await afterwards?.(result).then(() => found, asOutcome)) ?? found
      this.#running.delete(about.jobId)
      this.#tell({ ...about, ...outcome })
      if (outcome.state !== 'cancelled') this.#ended(job, performance.now() - startedMs, outcome.state === 'done')
    })
    this.#running.set(about.jobId, { job, run, ended })
    return about.jobId
  }

  /** A job whose result main waits for; the page follows it as any other. @throws UserError, InternalError, CancelledError */
  async run<N extends JobName>(job: N, request: EngineJobs[N]['request']): Promise<JobResult<N>> {
    const about = { jobId: randomUUID(), job }
    const progress = atMostEvery(repaintMs, (event) => this.#tell({ ...about, state: 'running', event }))
    this.#tell({ ...about, state: 'running' })
    const run = startEngine(this.#engineFolder, job, request, progress)
    const ended = run.result.then(viewOf(job), asOutcome)
    this.#running.set(about.jobId, { job, run, ended: ended.then(() => {}) })
    const outcome = await ended
    this.#running.delete(about.jobId)
    if (outcome.state === 'done') return outcome.value as JobResult<N>
    if (outcome.state === 'cancelled') throw new CancelledError()
    const { code, message, where, hint } = outcome.error
    throw code === 'internal' ? new InternalError(message) : new UserError(code, message, { where, hint })
  }

  /** Names of the jobs that run. */
  get names(): readonly JobName[] {
    return [...this.#running.values()].map(({ job }) => job)
  }

  cancel(jobId: string): void {
    this.#running.get(jobId)?.run.cancel()
  }

  /** Cancels every job and waits until their processes are gone. */
  async stopAll(): Promise<void> {
    const runs = [...this.#running.values()]
    for (const { run } of runs) run.cancel()
    await Promise.allSettled(runs.map(({ ended }) => ended))
  }
}

type Outcome =
  | { readonly state: 'done'; readonly value: unknown }
  | { readonly state: 'failed'; readonly error: ErrorReport }
  | { readonly state: 'cancelled' }

/** Cuts a result down to what the contract lets the page see: no paths, no keys. */
const viewOf =
  (job: JobName) =>
  (value: unknown): Outcome => {
    const view = jobResults[job].safeParse(value)
    if (view.success) return { state: 'done', value: view.data }
    return asOutcome(
      new InternalError(`${job}: its result does not fit the contract (${view.error.issues[0]?.path.join('.')}).`),
    )
  }

function asOutcome(error: unknown): Outcome {
  if (error instanceof CancelledError) return { state: 'cancelled' }
  return { state: 'failed', error: error instanceof EngineError ? error.report : reportError(error) }
}

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
