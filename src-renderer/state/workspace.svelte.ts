/** What is open, where the person is, and which jobs run for it. */
import { api } from '../api.ts'
import type { Deployment, ErrorReport, JobName, JobRequest, ProjectView, Result } from '../api.ts'
import type { Drawing } from '../draw.ts'
import { Job } from './job.svelte.ts'
import { stages } from './stages.ts'
import type { StageId } from './stages.ts'

type KeysAct = Extract<JobRequest, { job: 'keys' }>['act']

class Workspace {
  project = $state.raw<ProjectView>()
  stage = $state<StageId>('model')
  opening = $state(false)
  error = $state.raw<ErrorReport>()
  inspect = $state<Job<'inspect'>>()
  activations = $state<Job<'activations'>>()
  validate = $state<Job<'validate'>>()
  forecast = $state<Job<'forecast'>>()
  protect = $state<Job<'protect'>>()
  trial = $state<Job<'trial'>>()
  probe = $state<Job<'probe'>>()
  keys = $state<Job<'keys'>>()
  /** The key store as last seen. */
  deployments = $state.raw<readonly Deployment[]>([])

  get #jobs(): (Job | undefined)[] {
    return [
      this.inspect,
      this.activations,
      this.validate,
      this.forecast,
      this.protect,
      this.trial,
      this.probe,
      this.keys,
    ]
  }

  /** Jobs worth a place in the bar. */
  get running(): Job[] {
    return this.#jobs.flatMap((job): Job[] => (job?.state === 'running' && job.name !== 'keys' ? [job] : []))
  }

  get supported(): boolean {
    return this.inspect?.value?.supported ?? false
  }

  async reopen(): Promise<void> {
    await this.#open(api.reopen())
  }

  async openSample(): Promise<void> {
    await this.#open(api.openSample())
  }

  async openModel(): Promise<void> {
    await this.#open(api.openModel())
  }

  async openDropped(file: File): Promise<void> {
    await this.#open(api.openDropped(file))
  }

  async close(): Promise<void> {
    await api.closeProject()
    this.project = this.inspect = this.error = undefined
    this.stage = 'model'
    this.#forget()
  }

  async chooseData(request: Parameters<typeof api.chooseData>[0]): Promise<void> {
    this.#take(await api.chooseData(request))
  }

  async choose(change: Parameters<typeof api.choose>[0]): Promise<void> {
    this.#take(await api.choose(change))
  }

  async startActivations(): Promise<void> {
    this.activations = new Job('activations')
    await this.#run(this.activations, { job: 'activations' })
  }

  async startTrial(samples: number): Promise<void> {
    this.probe = undefined
    this.trial = new Job('trial')
    await this.#run(this.trial, { job: 'trial', samples })
  }

  async startValidate(encrypted: number): Promise<void> {
    this.validate = new Job('validate')
    await this.#run(this.validate, { job: 'validate', encrypted })
  }

  async startForecast(): Promise<void> {
    this.forecast = new Job('forecast')
    await this.#run(this.forecast, { job: 'forecast' })
  }

  async startProtect(passphrase: string, reveal: 'label' | 'top-k' | 'scores'): Promise<void> {
    this.protect = new Job('protect')
    await this.#run(this.protect, { job: 'protect', passphrase, reveal })
  }

  async startKeys(act: KeysAct, deployment?: string): Promise<void> {
    this.keys = new Job('keys')
    await this.#run(this.keys, { job: 'keys', act, ...(deployment !== undefined && { deployment }) })
  }

  async startProbe(picture: Drawing): Promise<void> {
    this.probe = new Job('probe')
    await this.#run(this.probe, { job: 'probe', picture })
  }

  async cancel(job: Job): Promise<void> {
    if (!job.jobId || job.state !== 'running') return
    job.cancelling = true
    await api.cancelJob({ jobId: job.jobId })
  }

  go(step: 1 | -1): void {
    const ids = stages.map((stage) => stage.id)
    this.stage = ids[Math.min(ids.length - 1, Math.max(0, ids.indexOf(this.stage) + step))]
  }

  listen(): () => void {
    const stopJobs = api.onJobUpdate((update) => {
      for (const job of this.#jobs) if (job?.jobId === update.jobId) job.take(update)
      if (this.keys?.value) this.deployments = this.keys.value.deployments
    })
    const stopMenu = api.onMenu((command) => {
      if (command === 'open-sample') void this.openSample()
      else if (command === 'open-model') void this.openModel()
      else if (command === 'close-project') void this.close()
      else if (!this.project) return
      else if (command === 'save-project') void api.saveProject()
      else if (command === 'undo') void api.undo().then((result) => this.#take(result))
      else if (command === 'redo') void api.redo().then((result) => this.#take(result))
      else this.go(command === 'next-stage' ? 1 : -1)
    })
    return () => {
      stopJobs()
      stopMenu()
    }
  }

  async #open(answer: Promise<Result<ProjectView | null>>): Promise<void> {
    this.opening = true
    const result = await answer
    this.opening = false
    this.error = result.ok ? undefined : result.error
    if (!result.ok || !result.value) return
    this.project = result.value
    this.stage = 'model'
    this.#forget()
    this.inspect = new Job('inspect')
    await this.#run(this.inspect, { job: 'inspect' })
  }

  /** The project after a choice; null where the person closed the dialog. */
  #take(result: Result<ProjectView | null>): void {
    this.error = result.ok ? undefined : result.error
    if (result.ok && result.value) this.project = result.value
  }

  /** What was found out about another network. */
  #forget(): void {
    this.activations = this.validate = this.forecast = this.protect = this.trial = this.probe = undefined
  }

  async #run<N extends JobName>(job: Job<N>, request: JobRequest): Promise<void> {
    const started = await api.startJob(request)
    if (!started.ok) job.fail(started.error)
    else if (started.value) job.jobId = started.value.jobId
    else job.state = 'cancelled'
  }
}

export const workspace = new Workspace()
