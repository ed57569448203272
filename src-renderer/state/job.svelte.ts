/** One job as the window follows it. */
import type { ErrorReport, JobName, JobResult, JobUpdate } from '../api.ts'

export interface StageTime {
  readonly name: string
  /** Of all its turns that have ended. */
  ms: number
  /** When its present turn began. */
  startedMs?: number
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
  /** Layers of the encrypted run that is under way, with the time of each so far. */
  layers = $state<{ name: string; seconds: number }[]>([])
  #layerSince = 0
  value = $state.raw<JobResult<N>>()
  error = $state.raw<ErrorReport>()

  /** The choices that it was started with. */
  readonly made: string

  constructor(name: N, made: string) {
    this.name = name
    this.made = made
  }

  /** The stage that runs now; '' before the first and between two. */
  get stage(): string {
    return this.stages.find(({ startedMs }) => startedMs !== undefined)?.name ?? ''
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
      this.#openStage(event.stage)
      this.done = this.total = 0
      this.detail = ''

      this.remainingMs = undefined
    }
    if (event.kind === 'step') {
      this.done = event.done
      this.total = event.total
      this.detail = event.detail ?? ''
      this.remainingMs = event.remainingMs
      if (event.stage === 'run' && event.detail !== undefined) this.#layer(event.detail)
    }
  }

  /** Time since the last report goes to the layer that reports. A layer that was done before begins the next input. */
  #layer(name: string): void {
    const now = performance.now()
    const layer = this.layers.at(-1)
    if (layer?.name === name) layer.seconds += (now - this.#layerSince) / 1000
    else if (this.layers.some((earlier) => earlier.name === name)) this.layers = [{ name, seconds: 0 }]
    else this.layers.push({ name, seconds: 0 })
    this.#layerSince = now
  }

  #openStage(name: string): void {
    const startedMs = performance.now()
    const earlier = this.stages.find((stage) => stage.name === name)
    if (earlier) earlier.startedMs = startedMs
    else this.stages.push({ name, ms: 0, startedMs })
  }

  #closeStage(): void {
    for (const stage of this.stages) {
      if (stage.startedMs === undefined) continue
      stage.ms += performance.now() - stage.startedMs
      stage.startedMs = undefined
    }
  }
}
