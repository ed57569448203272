/** Turns what the page asks for into jobs of the engine, with the paths and passphrases that only main knows. */
import { present } from '../core/must.ts'
import { withoutEnding } from '../core/network/file-name.ts'
import { join } from 'node:path'
import { UserError } from '../core/errors.ts'
import type { JobRequest } from '../ipc/jobs.ts'
import type { Inspection } from '../ipc/network.ts'
import type { TestRecord } from '../ipc/views.ts'
import type { Dialogs } from './dialogs.ts'
import type { WindowJobs } from './jobs.ts'
import type { Project } from './project.ts'
import type { RememberedPassphrases } from './remembered.ts'
import type { SplitPlan } from '../ipc/results.ts'
import type { LastingJob } from './results.ts'
import type { Scratch } from './scratch.ts'
import { testRecordOf } from './test-record.ts'

const everyFile = { name: 'Every file', extensions: ['*'] }

export interface JobSurroundings {
  readonly jobs: WindowJobs
  readonly scratch: Scratch
  readonly dialogs: Dialogs
  readonly remembered: RememberedPassphrases
  /** Folder of the key store. */
  readonly keys: string
  /** Folder in which fits are kept while the application runs. */
  readonly fits: string
}

type Requested<N extends JobRequest['job']> = Extract<JobRequest, { job: N }>
/** What becomes of a job's results: tests go into the project, the others beside it. */
export interface Keeping {
  test(test: TestRecord): Promise<void>
  result(job: LastingJob, value: unknown, path?: string): Promise<void>
}

export class JobStarter {
  readonly keys: string
  readonly #fits: string
  /** The bundle that was opened to look at. */
  openedBundle: string | undefined
  /** The encrypted result that waits to be opened with its key. */
  openedResult: string | undefined
  /** The bundle or folder that was exported last. */
  exported: string | undefined
  /** What the last trial left for further inputs: its bundle and throw-away keys. */
  #trial: string | undefined
  #reports: string | undefined
  #planned: { readonly made: string; readonly plan: SplitPlan } | undefined
  readonly #jobs: WindowJobs
  readonly #scratch: Scratch
  readonly #dialogs: Dialogs
  readonly #remembered: RememberedPassphrases

  constructor({ jobs, scratch, dialogs, remembered, keys, fits }: JobSurroundings) {
    this.#jobs = jobs
    this.#scratch = scratch
    this.#dialogs = dialogs
    this.#remembered = remembered
    this.keys = keys
    this.#fits = fits
  }

  /** @throws UserError not-exported */
  get exportedBundle(): string {
    if (this.exported === undefined) throw new UserError('not-exported', 'Export the network first.')
    return this.exported
  }

  /** A file of the last accuracy report. @throws UserError no-report */
  report(format: 'html' | 'csv'): string {
    if (this.#reports === undefined) throw new UserError('no-report', 'Measure the accuracy first.')
    return join(this.#reports, `report.${format}`)
  }

  /** The plan of a project's choices as they are, where it was made. */
  planOf({ made }: Project): SplitPlan | undefined {
    return this.#planned?.made === made ? this.#planned.plan : undefined
  }

  /** What a file holds. @throws UserError where it is no network; CancelledError */
  inspect(model: string): Promise<Inspection> {
    return this.#jobs.run('inspect', { model })
  }

  cancel(jobId: string): void {
    this.#jobs.cancel(jobId)
  }

  /** Stops everything, and removes what was only tried. */
  async forget(): Promise<void> {
    await this.#jobs.stopAll()
    this.#trial = this.#reports = this.exported = this.#planned = undefined
    await this.#scratch.removeAll()
  }

  /** @returns the job's id, or undefined where the person closed the dialog that the job needs. */
  async start(request: JobRequest, project: Project | undefined, keeping: Keeping): Promise<string | undefined> {
    switch (request.job) {
      case 'keys':
        return await this.#startKeys(request)
      case 'audit': {
        const filters = [{ name: 'Audit logs', extensions: ['jsonl', 'log'] }]
        const auditLog = await this.#dialogs.open({ title: 'Open an audit log', properties: ['openFile'], filters })
        return auditLog === undefined ? undefined : this.#jobs.start('audit', { auditLog })
      }
      case 'result':
        return await this.#startResult(request)
      case 'bundle':
        if (this.openedBundle === undefined) throw new UserError('no-bundle', 'Open a bundle first.')
        return this.#jobs.start('bundle', { bundle: this.openedBundle })
      default:
        return await this.#startOfProject(request, project, keeping)
    }
  }

  async #startOfProject(
    request: Exclude<JobRequest, { job: 'keys' | 'result' | 'audit' | 'bundle' }>,
    project: Project | undefined,
    keeping: Keeping,
  ): Promise<string | undefined> {
    if (!project) throw new UserError('no-project', 'Open a network first.')
    const { model } = project
    const { input, split, calibration } = project.choices
    const network = { ...networkOf(project), fits: this.#fits }
    const kept = (job: LastingJob) => async (value: unknown) => {
      if (value !== undefined) await keeping.result(job, value)
    }
    switch (request.job) {
      case 'inspect':
        return this.#jobs.start('inspect', { model })
      case 'look': {
        const { inputs, labels } = project.choices
        return this.#jobs.start('look', { ...network, calibration, inputs, labels })
      }
      case 'original': {
        const { inputs, labels } = project.choices
        return this.#jobs.start('original', { ...network, calibration, inputs, labels })
      }
      case 'plan':
        return this.#jobs.start('plan', { ...network, input, split, calibration, keptOnly: true }, async (plan) => {
          this.#planned = plan && { made: project.made, plan }
        })
      case 'proposals':
        return this.#jobs.start('proposals', { ...network, input, splits: request.splits, calibration, keptOnly: true })
      case 'activations':
        return this.#jobs.start(
          'activations',
          { ...network, split, calibration: project.calibration },
          kept('activations'),
        )
      case 'advise': {
        const { preprocessing, quantities } = network
        const asked = { model, preprocessing, quantities, input, calibration: project.calibration }
        return this.#jobs.start('advise', asked, kept('advise'))
      }
      case 'validate':
        return await this.#startValidate(request, project, kept('validate'))
      case 'protect':
        return await this.#startProtect(request, project, keeping)
      case 'trial':
        return await this.#startTrial(request, project, keeping)
      case 'probe':
      case 'batch':
        return await this.#startTest(request, project, keeping)
    }
  }

  async #startKeys({ act, deployment, passphrase, next }: Requested<'keys'>): Promise<string | undefined> {
    const file = await this.#fileOf(act)
    if (file === null) return undefined
    if (act === 'change-passphrase' && deployment !== undefined) {
      const old = await this.#passphraseOf(deployment, passphrase)
      const remembered = [...(await this.#remembered.deployments())]
      const request = { keys: this.keys, act, deployment, passphrase: old, next, remembered }
      return this.#jobs.start('keys', request, async (done) => {
        if (done && next !== undefined && remembered.includes(deployment)) {
          await this.#remembered.remember(deployment, next)
        }
      })
    }
    if (deployment !== undefined && (act === 'forget-passphrase' || act === 'destroy')) {
      await this.#remembered.forget(deployment)
    }
    const remembered = [...(await this.#remembered.deployments())]
    return this.#jobs.start('keys', { keys: this.keys, act, deployment, file, remembered })
  }

  async #startResult({ deployment, passphrase }: Requested<'result'>): Promise<string | undefined> {
    const known = await this.#passphraseOf(deployment, passphrase)
    const filters = [{ name: 'Encrypted results', extensions: ['result'] }]
    const result =
      this.openedResult ?? (await this.#dialogs.open({ title: 'Open a result', properties: ['openFile'], filters }))
    if (result === undefined) return undefined
    const request = { result, keys: this.keys, deployment, passphrase: known }
    return this.#jobs.start('result', request, async (done) => {
      if (done) this.openedResult = undefined
    })
  }

  async #startValidate(
    { encrypted }: Requested<'validate'>,
    project: Project,
    afterwards: (value: unknown) => Promise<void>,
  ): Promise<string> {
    const { labels, split } = project.choices
    const { inputs: data, calibration } = project
    const reports = (this.#reports ??= await this.#scratch.create())
    const network = { ...networkOf(project), calibration, split, fits: this.#fits }
    return this.#jobs.start('validate', { ...network, data, labels, encrypted, force: false, reports }, afterwards)
  }

  async #startProtect(
    { passphrase, remember, perNode }: Requested<'protect'>,
    project: Project,
    keeping: Keeping,
  ): Promise<string | undefined> {
    const { deploymentName, reveal, auditRate, minKept } = project.choices
    const name = deploymentName.trim() || withoutEnding(project.view.fileName)
    const out = await (perNode
      ? this.#dialogs.save('Export into a new folder, with one bundle for each node', name)
      : this.#dialogs.save('Export the bundle', `${name}.sealed`))
    if (out === undefined) return undefined
    const request = {
      ...compileRequest(project),
      fits: this.#fits,
      keys: this.keys,
      passphrase,
      out,
      perNode,
      name,
      minKept,
      reveal: reveal === 'top-k' ? { mode: 'top-k' as const, k: 3 } : { mode: reveal },
      ...(auditRate > 0 && { auditRate }),
      // The dialog has asked whether an existing file may be replaced; of folders it knows nothing.
      force: !perNode,
    }
    return this.#jobs.start('protect', request, async (exported) => {
      if (!exported) return
      this.exported = out
      await keeping.result('protect', exported, out)
      if (remember) await this.#remembered.remember(present(exported.bundles[0]).deployment, passphrase)
    })
  }

  async #startTrial({ samples }: Requested<'trial'>, project: Project, keeping: Keeping): Promise<string> {
    this.#trial = undefined
    await this.#scratch.removeAll()
    this.#reports = undefined
    const folder = await this.#scratch.create()
    const { inputs, choices } = project
    const { labels, threads } = choices
    const fits = this.#fits
    const request = { ...compileRequest(project), fits, data: inputs, labels, count: samples, threads, folder }
    return this.#jobs.start('trial', request, async (done) => {
      if (!done) {
        await this.#scratch.remove(folder)
        return
      }
      this.#trial = folder
      await keeping.test(testRecordOf(`Sealed anew, ${project.view.choices.inputs}`, done.tested))
    })
  }

  async #startTest(
    request: Requested<'probe'> | Requested<'batch'>,
    project: Project,
    keeping: Keeping,
  ): Promise<string> {
    const { labels, threads, classNames } = project.choices
    const { preprocessing, quantities } = networkOf(project)
    const bundle = await this.#bundleOf(request)
    const test = { model: project.model, preprocessing, quantities, threads, ...bundle }
    if (request.job === 'probe') {
      return this.#jobs.start('probe', { ...test, picture: request.picture }, async (done) => {
        if (done) await keeping.test(testRecordOf('A drawing', done))
      })
    }
    const names = classNames.length > 0 && { classNames }
    const inputs = { data: project.inputs, labels, count: request.samples, ...names }
    return this.#jobs.start('batch', { ...test, ...inputs }, async (done) => {
      if (done) await keeping.test(testRecordOf(`Batch of ${project.view.choices.inputs}`, done))
    })
  }

  /** @throws UserError not-tried, no-passphrase */
  async #bundleOf({ deployment, passphrase }: Pick<Requested<'batch'>, 'deployment' | 'passphrase'>) {
    if (deployment === undefined) {
      if (this.#trial === undefined) throw new UserError('not-tried', 'Seal and run the network first.')
      return { trial: this.#trial }
    }
    return { keys: this.keys, deployment, passphrase: await this.#passphraseOf(deployment, passphrase) }
  }

  /** @throws UserError no-passphrase */
  async #passphraseOf(deployment: string, typed: string | undefined): Promise<string> {
    const known = typed ?? (await this.#remembered.recall(deployment))
    if (known !== undefined) return known
    throw new UserError('no-passphrase', 'This deployment’s passphrase is not remembered: type it.')
  }

  /** The file that a backup or a public key goes to, or a backup comes from; undefined where none is needed, null where none was chosen. */
  async #fileOf(act: Requested<'keys'>['act']): Promise<string | null | undefined> {
    if (act === 'save-public-key') {
      return (await this.#dialogs.save('Save the public signing key', 'sealwright-signing-key.pem')) ?? null
    }
    if (act === 'back-up') return (await this.#dialogs.save('Back up the keys', 'sealwright-keys.age')) ?? null
    if (act !== 'restore') return undefined
    const filters = [{ name: 'Backups of keys', extensions: ['age'] }, everyFile]
    return (
      (await this.#dialogs.open({ title: 'Restore keys from a backup', properties: ['openFile'], filters })) ?? null
    )
  }
}

/** Which network, and what becomes of its activations. */
function networkOf({ model, choices }: Project) {
  const { preprocessing, degree, degrees, splitPools, classNames, calibrationLabels } = choices
  // Left open where nobody says so: an autoencoder's outputs are quantities without a word.
  const quantities = choices.quantities || undefined
  const fit = { preprocessing, quantities, degree, degrees, splitPools, calibrationLabels }
  return { model, ...fit, ...(classNames.length > 0 && { classNames }) }
}

function compileRequest(project: Project) {
  const { input, split } = project.choices
  return { ...networkOf(project), input, split, calibration: project.calibration }
}
