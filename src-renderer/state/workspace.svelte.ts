/** What is open, where the person is, and which jobs run for it. */
import { api } from '../api.ts'
import type { Deployment, ErrorReport, JobName, JobRequest, MenuCommand, Opened, ProjectView, Result } from '../api.ts'
import { Job } from './job.svelte.ts'
import { stages } from './stages.ts'
import type { StageId } from './stages.ts'

type Jobs = { -readonly [N in JobName]?: Job<N> }

/** Over in a moment, and not worth a place in the bar. */
const quiet: readonly JobName[] = ['keys', 'audit']
/** About the machine, not about the open network. */
const lasting: readonly JobName[] = ['keys', 'audit', 'bundle']
const tests: readonly JobName[] = ['trial', 'probe', 'batch']

class Workspace {
  project = $state.raw<ProjectView>()
  stage = $state<StageId>('model')
  /** File name of a bundle that is looked at. */
  bundle = $state<string>()
  opening = $state(false)
  error = $state.raw<ErrorReport>()
  jobs = $state<Jobs>({})
  /** The key store as last seen. */
  deployments = $state.raw<readonly Deployment[]>([])

  get running(): Job[] {
    return this.#jobs.filter((job) => job.state === 'running' && !quiet.includes(job.name))
  }

  get supported(): boolean {
    return this.jobs.inspect?.value?.supported ?? false
  }

  get #jobs(): Job[] {
    return Object.values(this.jobs)
  }

  openSample = (): Promise<void> => this.#open(api.openSample())
  openModel = (): Promise<void> => this.#open(api.openModel())
  openRecent = (place: number): Promise<void> => this.#open(api.openRecent({ place }))
  openDropped = (file: File): Promise<void> => this.#open(api.openDropped(file))
  openPending = (): Promise<void> => this.#open(api.openPending())

  async close(): Promise<void> {
    await api.closeProject()
    this.project = this.error = this.bundle = undefined
    this.stage = 'model'
    this.#forget()
  }

  async chooseData(request: Parameters<typeof api.chooseData>[0]): Promise<void> {
    this.#take(await api.chooseData(request))
  }

  async choose(change: Parameters<typeof api.choose>[0]): Promise<void> {
    this.#take(await api.choose(change))
  }

  async start<N extends JobName>(request: Extract<JobRequest, { job: N }>): Promise<void> {
    const job = new Job(request.job, this.made)
    this.jobs = { ...this.jobs, [request.job]: job }
    const started = await api.startJob(request)
    if (!started.ok) job.fail(started.error)
    else if (started.value) job.jobId = started.value.jobId
    else job.state = 'cancelled'
  }

  /** What a plan, a fit and a bundle depend on. */
  get made(): string {
    if (!this.project) return ''
    const { preprocessing, degree, degrees, splitPools, input, split, calibration } = this.project.choices
    return JSON.stringify([preprocessing, degree, degrees, splitPools, input, split, calibration])
  }

  forgetJob(name: JobName): void {
    const job = this.jobs[name]
    if (job) void this.cancel(job)
    const { [name]: _, ...others } = this.jobs
    this.jobs = others
  }

  async cancel(job: Job): Promise<void> {
    if (!job.jobId || job.state !== 'running') return
    job.cancelling = true
    await api.cancelJob({ jobId: job.jobId })
  }

  go(stage: StageId): void {
    this.stage = stage
    this.bundle = this.error = undefined
    if (this.project) void api.stay({ stage })
  }

  listen(): () => void {
    const stopJobs = api.onJobUpdate((update) => {
      for (const job of this.#jobs) if (job?.jobId === update.jobId) job.take(update)
      if (this.jobs.keys?.value) this.deployments = this.jobs.keys.value.deployments
      if (update.state === 'done' && tests.includes(update.job)) void api.project().then((result) => this.#take(result))
    })
    const stopMenu = api.onMenu((command) => this.#obey(command))
    void this.openPending()
    return () => {
      stopJobs()
      stopMenu()
    }
  }

  #obey(command: MenuCommand): void {
    if (command === 'open-sample') void this.openSample()
    else if (command === 'open-model') void this.openModel()
    else if (command === 'open-pending') void this.openPending()
    else if (command === 'close-project') void this.close()
    else if (command === 'go-keys') this.go('keys')
    else if (!this.project) return
    else if (command === 'save-project') void api.saveProject().then((result) => this.#complain(result))
    else if (command === 'undo') void api.undo().then((result) => this.#take(result))
    else if (command === 'redo') void api.redo().then((result) => this.#take(result))
    else if (command === 'next-stage') this.#step(1)
    else if (command === 'previous-stage') this.#step(-1)
    else this.go(command.slice('go-'.length) as StageId)
  }

  #step(step: 1 | -1): void {
    const ids = stages.map((stage) => stage.id)
    this.go(ids[Math.min(ids.length - 1, Math.max(0, ids.indexOf(this.stage) + step))])
  }

  /** null where the person closed the dialog, or nothing was to be opened. */
  async #open(answer: Promise<Result<Opened | null>>): Promise<void> {
    this.opening = true
    const result = await answer
    this.opening = false
    this.#complain(result)
    if (!result.ok || !result.value) return
    if (result.value.kind === 'bundle') {
      this.bundle = result.value.fileName
      return await this.start({ job: 'bundle' })
    }
    this.bundle = undefined
    this.project = result.value.project
    this.stage = this.project.stage
    this.#forget()
    await this.start({ job: 'inspect' })
  }

  /** The project after a choice; null where the person closed the dialog. */
  #take(result: Result<ProjectView | null>): void {
    this.#complain(result)
    const before = this.made
    if (result.ok && result.value) this.project = result.value
    // Its screens ask for it again.
    if (this.made !== before) this.forgetJob('plan')
  }

  #complain(result: Result<unknown>): void {
    this.error = result.ok ? undefined : result.error
  }

  /** What was found out about another network. */
  #forget(): void {
    this.jobs = Object.fromEntries(Object.entries(this.jobs).filter(([name]) => lasting.includes(name as JobName)))
  }
}

export const workspace = new Workspace()
