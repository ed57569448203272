/** One job as the window follows it. */
import type { ErrorReport, JobName, JobResult, JobUpdate } from '../api.ts'

export interface StageTime {
  readonly name: string
  readonly startedMs: number
  endedMs?: number
}

export class Job<N extends JobName = JobName> {
  readonly name: N
  readonly startedMs = performance.now()
  jobId = $state<string>()
  state = $state<'running' | 'done' | 'failed' | 'cancelled'>('running')
  cancelling = $state(false)
  stages = $state<StageTime[]>([])
  done = $state(0)
  total = $state(0)
  detail = $state('')
  remainingMs = $state<number>()
  warnings = $state<string[]>([])
  value = $state.raw<JobResult<N>>()
  error = $state.raw<ErrorReport>()

  constructor(name: N) {
    this.name = name
  }

  get stage(): string {
    return this.stages.at(-1)?.name ?? ''
  }

  take(update: JobUpdate): void {
    if (update.state === 'running') {
      if (update.event) this.#progress(update.event)
      return
    }
    this.state = update.state
    this.#closeStage()
    if (update.state === 'done') this.value = update.value as JobResult<N>
    if (update.state === 'failed') this.error = update.error
  }

  fail(error: ErrorReport): void {
    this.state = 'failed'
    this.error = error
  }

  #progress(event: NonNullable<Extract<JobUpdate, { state: 'running' }>['event']>): void {
    if (event.kind === 'warning') {
      this.warnings.push(event.message)
      return
    }
    if (event.stage !== this.stage) {
      this.#closeStage()
      this.stages.push({ name: event.stage, startedMs: performance.now() })
      this.done = this.total = 0
      this.detail = ''
      this.remainingMs = undefined
    }
    if (event.kind === 'step') {
      this.done = event.done
      this.total = event.total
      this.detail = event.detail ?? ''
      this.remainingMs = event.remainingMs
    }
  }

  #closeStage(): void {
    const last = this.stages.at(-1)
    if (last) last.endedMs = performance.now()
  }
}
