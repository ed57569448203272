/** One job as the window follows it. */
import type { ErrorReport, JobName, JobResult, JobUpdate } from '../api.ts'
import { learnt, placeIn, remainingOf, stepsOf } from './job-steps.ts'
import type { Place, Step } from './job-steps.ts'

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
  place = $state.raw<Place>()
  /** Of the whole job, where that can be told. */
  remainingMs = $state<number>()
  warnings = $state<string[]>([])
  /** Layers of the encrypted run that is under way, with the time of each so far. */
  layers = $state<{ name: string; seconds: number }[]>([])
  #layerSince = 0
  value = $state.raw<JobResult<N>>()
  error = $state.raw<ErrorReport>()

  /** The choices that it was started with. */
  readonly made: string
  /** When it was done, where its result is of an earlier day. */
  readonly when: string | undefined
  /** On this page's clock; undefined before, and for what is kept of earlier work. */
  endedMs: number | undefined
  readonly #steps: readonly Step[]

  constructor(name: N, made: string, { took, when }: { took?: Readonly<Record<string, number>>; when?: string } = {}) {
    this.name = name
    this.made = made
    this.when = when
    this.#steps = took ? learnt(stepsOf[name], took) : stepsOf[name]
  }

  /** One that is done: its result was found before. */
  static done<N extends JobName>(name: N, made: string, value: JobResult<N>, when?: string): Job<N> {
    const job = new Job(name, made, { when })
    job.state = 'done'
    job.value = value
    return job
  }

  /** What its steps took, in milliseconds. */
  get took(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.stages.map(({ name, ms }) => [name, ms]))
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
    this.endedMs = performance.now()
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
    }
    if (event.kind === 'step') {
      this.done = event.done
      this.total = event.total
      this.detail = event.detail ?? ''
      if (event.stage === 'run' && event.detail !== undefined) this.#layer(event.detail)
    }
    this.#move()
  }

  /** The bar never goes back: a stage that is reported again is part of the one before. */
  #move(): void {
    const place = placeIn(this.#steps, this.stage, this.total > 0 ? this.done / this.total : 0)
    if (!place || place.share < (this.place?.share ?? 0)) return
    this.place = place
    this.remainingMs = remainingOf(place.share, performance.now() - this.startedMs)
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
