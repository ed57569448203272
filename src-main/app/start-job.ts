/** Turns what the page asks for into a job of the engine, with the paths that only main knows. */
import { app, dialog } from 'electron'
import type { BrowserWindow } from 'electron'
import { join } from 'node:path'
import { UserError } from '../core/errors.ts'
import type { JobRequest } from '../ipc/jobs.ts'
import type { WindowJobs } from './jobs.ts'
import { sampleDigits } from './project.ts'
import type { Project } from './project.ts'
import type { Scratch } from './scratch.ts'

export interface JobSurroundings {
  readonly jobs: WindowJobs
  window(): BrowserWindow | undefined
}

/** What a trial left for further inputs: a folder with its bundle and throw-away keys. */
export class Trials {
  readonly #scratch: Scratch
  #folder: string | undefined

  constructor(scratch: Scratch) {
    this.#scratch = scratch
  }

  /** @throws UserError not-tried */
  get folder(): string {
    if (this.#folder === undefined) throw new UserError('not-tried', 'Seal and run the network first.')
    return this.#folder
  }

  async forget(): Promise<void> {
    this.#folder = undefined
    await this.#scratch.removeAll()
  }

  /** A new folder, and what to do when the trial in it has ended. */
  async begin(): Promise<{ folder: string; ended: (done: boolean) => Promise<void> }> {
    await this.forget()
    const folder = await this.#scratch.create()
    const ended = async (done: boolean): Promise<void> => {
      if (done) this.#folder = folder
      else await this.#scratch.remove(folder)
    }
    return { folder, ended }
  }
}

/** @returns the job's id, or undefined where the person closed the dialog that the job needs. */
export async function startJob(
  request: JobRequest,
  project: Project | undefined,
  trials: Trials,
  { jobs, window }: JobSurroundings,
): Promise<string | undefined> {
  const keys = join(app.getPath('userData'), 'keys')
  if (request.job === 'keys') {
    const { act, deployment } = request
    const file = await backupFile(act, window())
    if (file === null) return undefined
    return jobs.start('keys', { keys, act, deployment, file })
  }
  if (!project) throw new UserError('no-project', 'Open a network first.')
  const { model } = project
  const { preprocessing, degree, input } = project.choices
  switch (request.job) {
    case 'inspect':
      return jobs.start('inspect', { model })
    case 'forecast':
      return jobs.start('forecast', { model, preprocessing, degree, input })
    case 'activations':
      return jobs.start('activations', { model, preprocessing, degree, calibration: project.calibration })
    case 'validate': {
      const { inputs: data, calibration } = project
      const { labels } = project.choices
      const { encrypted } = request
      return jobs.start('validate', {
        model,
        preprocessing,
        degree,
        calibration,
        data,
        labels,
        encrypted,
        force: false,
      })
    }
    case 'probe':
      return jobs.start('probe', { model, preprocessing, folder: trials.folder, picture: request.picture })
    case 'trial': {
      const compile = { model, preprocessing, degree, input, calibration: project.calibration }
      const inputs = testInputs(project, request.samples)
      const { folder, ended } = await trials.begin()
      return jobs.start('trial', { ...compile, inputs, folder }, ended)
    }
    case 'protect': {
      const compile = { model, preprocessing, degree, input, calibration: project.calibration }
      const out = await saveAs(window(), 'Export the bundle', project.view.fileName.replace(/\.onnx$/i, '.sealed'))
      if (out === undefined) return undefined
      const { passphrase } = request
      const reveal = request.reveal === 'top-k' ? { mode: 'top-k' as const, k: 3 } : { mode: request.reveal }
      // The dialog has asked whether an existing file may be replaced.
      return jobs.start('protect', { ...compile, keys, passphrase, out, reveal, force: true })
    }
  }
}

/** The first inputs; of the sample, pictures that are named after the digit they show. */
function testInputs({ kind, inputs }: Project, count: number): { path: string; index: number; truth?: number }[] {
  if (kind === 'sample') {
    return sampleDigits.slice(0, count).map((digit) => ({ path: inputs, index: digit, truth: digit }))
  }
  return Array.from({ length: count }, (_, index) => ({ path: inputs, index }))
}

/** Asks where to save; undefined where the person closed the dialog. */
export async function saveAs(
  parent: BrowserWindow | undefined,
  title: string,
  name: string,
): Promise<string | undefined> {
  const options = { title, defaultPath: join(app.getPath('documents'), name) }
  const answer = await (parent ? dialog.showSaveDialog(parent, options) : dialog.showSaveDialog(options))
  return answer.canceled || !answer.filePath ? undefined : answer.filePath
}

/** The file that a backup goes to or comes from; undefined where none is needed, null where none was chosen. */
async function backupFile(act: string, parent: BrowserWindow | undefined): Promise<string | null | undefined> {
  if (act === 'back-up') return (await saveAs(parent, 'Back up the keys', 'sealwright-keys.age')) ?? null
  if (act !== 'restore') return undefined
  const options = { title: 'Restore keys from a backup', properties: ['openFile' as const] }
  const answer = await (parent ? dialog.showOpenDialog(parent, options) : dialog.showOpenDialog(options))
  return answer.canceled ? null : answer.filePaths[0]
}
