/** What is open, where the person is, and which jobs run for it. */
import { untrack } from 'svelte'
import { api } from '../api.ts'
import type {
  DataUse,
  Deployment,
  ErrorReport,
  JobName,
  JobRequest,
  JobResult,
  JobUpdate,
  KeptResult,
  MenuCommand,
  Opened,
  PresetView,
  ProjectView,
  Result,
} from '../api.ts'
import { Job } from './job.svelte.ts'
import { stages } from './stages.ts'
import type { StageId } from './stages.ts'

type Jobs = { -readonly [N in JobName]?: Job<N> }

/** Over in a moment, and not worth a place in the bar. */
const quiet: readonly JobName[] = ['keys', 'audit', 'look', 'original']
/** About the machine, not about the open network. */
const lasting: readonly JobName[] = ['keys', 'result', 'audit', 'bundle']
/** Their results are kept with the project. */
const keeping: readonly JobName[] = ['advise', 'activations', 'validate', 'protect']
/** Leave a fit behind. */
const fitting: readonly JobName[] = ['activations', 'validate', 'protect', 'trial']
const tests: readonly JobName[] = ['trial', 'probe', 'batch']

class Workspace {
  project = $state.raw<ProjectView>()
  stage = $state<StageId>('model')
  /** File name of a bundle that is looked at. */
  bundle = $state<string>()
  /** File name of an encrypted result that waits for its deployment's key. */
  resultFile = $state<string>()
  opening = $state(false)
  /** Reading what is about to be opened. */
  reading = $state.raw<Job>()
  /** What is kept of earlier work on this network, newest first. */
  results = $state.raw<readonly KeptResult[]>([])
  /** Of this machine; 0 until it is known. */
  memoryBytes = $state(0)
  /** Usual preprocessings. */
  presets = $state.raw<readonly PresetView[]>([])
  error = $state.raw<ErrorReport>()
  /** Of this network, also while the next one is made, and where that is not possible. */
  lastPlan = $state.raw<JobResult<'plan'>>()
  jobs = $state<Jobs>({})
  /** The key store as last seen. */
  deployments = $state.raw<readonly Deployment[]>([])

  /** The project, for screens that are there only while one is open. */
  get open(): ProjectView {
    if (!this.project) throw new Error('No network is open.')
    return this.project
  }

  get running(): Job[] {
    const shown = this.#jobs.filter((job) => job.state === 'running' && !quiet.includes(job.name))
    return this.reading ? [this.reading, ...shown] : shown
  }

  /** Memory of the edge that the network is meant for. */
  get edgeMemoryBytes(): number {
    return this.project?.choices.edgeMemoryBytes || this.memoryBytes
  }

  /** The split was chosen, and can be planned. */
  get planChosen(): boolean {
    const isRule = this.project?.choices.split.by === 'depth'
    return this.jobs.plan?.value !== undefined && !isRule
  }

  get supported(): boolean {
    return this.jobs.inspect?.value?.supported ?? false
  }

  /** What the steps of each job took when it ran last. */
  readonly #times: { -readonly [N in JobName]?: Readonly<Record<string, number>> } = {}

  get #jobs(): Job[] {
    return Object.values(this.jobs)
  }

  openSample = (): Promise<void> => this.#open(api.openSample())
  openModel = (): Promise<void> => this.#open(api.openModel())
  openRecent = (place: number): Promise<void> => this.#open(api.openRecent({ place }))
  openDropped = (file: File): Promise<void> => this.#open(api.openDropped(file))
  openPending = (): Promise<void> => this.#open(api.openPending())

  async close(): Promise<void> {
    if (!(await api.closeProject()).ok) return
    this.project = this.error = this.bundle = undefined
    this.stage = 'model'
    this.#forget()
  }

  async chooseData(request: Parameters<typeof api.chooseData>[0]): Promise<void> {
    this.#take(await api.chooseData(request))
  }

  async dropData(use: DataUse, file: File): Promise<void> {
    this.#take(await api.dropData(use, file))
  }

  async choose(change: Parameters<typeof api.choose>[0]): Promise<void> {
    this.#take(await api.choose(change))
  }

  async start<N extends JobName>(request: Extract<JobRequest, { job: N }>): Promise<void> {
    const took = this.#times[request.job]
    const job = new Job(request.job, this.made, took && { took })
    this.jobs = { ...this.jobs, [request.job]: job }
    const started = await api.startJob(request)
    if (!started.ok) job.fail(started.error)
    else if (started.value) job.jobId = started.value.jobId
    else job.state = 'cancelled'
  }

  /** For screens that show a plan: it is made once, and again after each choice. */
  askForPlan(): void {
    if (this.supported && !this.jobs.plan) untrack(() => void this.start({ job: 'plan' }))
  }

  /** What a plan, a fit and a bundle depend on. */
  get made(): string {
    return this.project?.made ?? ''
  }

  /** For screens that show data: looks at what is chosen, and again after each choice, unless that was done for these choices. */
  lookAtData(): void {
    const { calibration, calibrationLabels, inputs, labels, preprocessing, classNames } = this.open.choices
    const data = [calibration, calibrationLabels, inputs, labels]
    const asked = JSON.stringify([this.project?.fileName, data, preprocessing, classNames])
    untrack(() => {
      if (asked === this.#looked && this.jobs.look) return
      this.#looked = asked
      this.forgetJob('look')
      this.forgetJob('original')
      if (calibration !== undefined || inputs !== undefined) void this.start({ job: 'look' })
    })
  }
  #looked = ''

  /** Only samples with classes say how often the original is right. */
  #tryOriginal(): void {
    const looks = [this.jobs.look?.value?.inputs, this.jobs.look?.value?.calibration]
    if (looks.some((look) => look?.found?.classes)) void this.start({ job: 'original' })
  }

  /** The result that was opened, or one that is asked for. Its answer counts, so the key store is looked at again. */
  async openResult(deployment: string, { passphrase }: { readonly passphrase?: string }): Promise<void> {
    await this.start({ job: 'result', deployment, ...(passphrase !== undefined && { passphrase }) })
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

  async copyCommands(): Promise<void> {
    this.#complain(await api.copyCommands())
  }

  go(stage: StageId): void {
    this.stage = stage
    this.bundle = this.error = undefined
    if (this.project) void api.stay({ stage })
  }

  listen(): () => void {
    void api.about().then((about) => {
      if (!about.ok) return
      this.memoryBytes = about.value.memoryBytes
      this.presets = about.value.presets
    })
    const stopJobs = api.onJobUpdate((update) => {
      if (update.job === 'inspect') this.#read(update)
      for (const job of this.#jobs) if (job?.jobId === update.jobId) this.#follow(job, update)
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
    else if (command === 'copy-commands') void this.copyCommands()
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
    this.reading = undefined
    this.#complain(result)
    if (!result.ok || !result.value) return
    if (result.value.kind === 'result') {
      this.go('keys')
      this.resultFile = result.value.fileName
      return
    }
    if (result.value.kind === 'bundle') {
      this.bundle = result.value.fileName
      return await this.start({ job: 'bundle' })
    }
    this.bundle = undefined
    this.project = result.value.project
    this.stage = this.project.stage
    this.#forget()
    this.#restore(result.value)
  }

  /** What was found out about this network before is there again, the newest of each kind. */
  #restore({ inspection, results }: Extract<Opened, { kind: 'project' }>): void {
    this.results = results
    const newest = new Map([...results].reverse().map((result) => [result.job as JobName, result]))
    const jobs: Jobs = { ...this.jobs, inspect: Job.done('inspect', this.made, inspection) }
    for (const [name, { made, value, when }] of newest) {
      Object.assign(jobs, { [name]: Job.done(name, made, value as JobResult<typeof name>, when) })
    }
    this.jobs = jobs
  }

  /** The file that is being opened is read by main, and can be cancelled as any job. */
  #read(update: JobUpdate): void {
    if (this.reading?.jobId !== update.jobId) {
      if (!this.opening) return
      this.reading = new Job('inspect', '')
      this.reading.jobId = update.jobId
    }
    this.reading.take(update)
  }

  #follow(job: Job, update: JobUpdate): void {
    job.take(update)
    if (update.state !== 'done') return
    this.#times[job.name] = job.took
    if (update.job === 'plan') this.lastPlan = this.jobs.plan?.value
    if (update.job === 'look') this.#tryOriginal()
    if (update.job === 'result') {
      this.resultFile = undefined
      void this.start({ job: 'keys', act: 'list' })
    }
    // Of a fit that was made the forecast is exact; its screens ask for it.
    if (fitting.includes(job.name) && this.jobs.plan?.value?.basis === 'network') this.forgetJob('plan')
    if (keeping.includes(job.name)) {
      void api.results().then((results) => {
        if (results.ok) this.results = results.value
      })
    }
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
    this.error = result.ok || result.error.code === 'cancelled' ? undefined : result.error
  }

  /** What was found out about another network. */
  #forget(): void {
    this.results = []
    this.lastPlan = undefined
    this.jobs = Object.fromEntries(Object.entries(this.jobs).filter(([name]) => lasting.includes(name as JobName)))
  }
}

export const workspace = new Workspace()
