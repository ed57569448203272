/** What each call of the contract does. Paths stay here; the page knows file names. */
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { app, dialog } from 'electron'
import type { BrowserWindow, OpenDialogOptions } from 'electron'
import { UserError } from '../core/errors.ts'
import type { CallHandlers } from '../ipc/serve-calls.ts'
import type { ProjectView } from '../ipc/views.ts'
import type { WindowJobs } from './jobs.ts'
import { Project, sampleDigits, sampleProject } from './project.ts'
import type { Scratch } from './scratch.ts'

export interface Surroundings {
  readonly assets: string
  readonly jobs: WindowJobs
  readonly scratch: Scratch
  window(): BrowserWindow | undefined
}

export function callHandlers({ assets, jobs, scratch, window }: Surroundings): CallHandlers {
  let project: Project | undefined
  /** Where the last trial left its bundle and throw-away keys. */
  let tried: string | undefined

  const current = (): Project => {
    if (!project) throw new UserError('no-project', 'Open a network first.')
    return project
  }
  const replace = async (next: Project | undefined): Promise<void> => {
    await jobs.stopAll()
    await scratch.removeAll()
    tried = undefined
    project = next
  }
  const openFile = async (model: string): Promise<ProjectView> => {
    const next = new Project('file', model, await bytesOf(model))
    await replace(next)
    return next.view
  }
  const ask = async (options: OpenDialogOptions): Promise<string | undefined> => {
    const parent = window()
    const answer = await (parent ? dialog.showOpenDialog(parent, options) : dialog.showOpenDialog(options))
    return answer.canceled ? undefined : answer.filePaths[0]
  }
  const changed = (change: (project: Project) => void): ProjectView => {
    change(current())
    return current().view
  }

  return {
    about: () => ({ version: app.getVersion(), electron: process.versions.electron, platform: process.platform }),
    openSample: async () => {
      const sample = sampleProject(assets, 0)
      const next = sampleProject(assets, await bytesOf(sample.model))
      await replace(next)
      return next.view
    },
    openModel: async () => {
      const filters = [{ name: 'ONNX networks', extensions: ['onnx'] }]
      const model = await ask({ title: 'Open a trained network', properties: ['openFile'], filters })
      return model === undefined ? null : await openFile(model)
    },
    openModelAt: openFile,
    closeProject: async () => {
      await replace(undefined)
      return undefined
    },
    chooseData: async ({ use, from }) => {
      const filters = [{ name: 'Samples', extensions: ['npy', 'npz', 'png', 'jpg', 'jpeg'] }]
      const title = use === 'calibration' ? 'Choose calibration data' : 'Choose inputs'
      const path = await ask(
        from === 'file'
          ? { title, properties: ['openFile'], filters }
          : { title: `${title} (a folder of pictures)`, properties: ['openDirectory'] },
      )
      return path === undefined ? null : changed((open) => open.choose({ [use]: path }))
    },
    choose: (change) => changed((open) => open.choose(change)),
    undo: () => changed((open) => open.undo()),
    redo: () => changed((open) => open.redo()),
    startJob: async (request) => {
      const open = current()
      const { model } = open
      if (request.job === 'inspect') return { jobId: jobs.start('inspect', { model }) }
      const { preprocessing, degree, input } = open.choices
      const compile = { model, calibration: open.calibration, preprocessing, degree }
      if (request.job === 'activations') return { jobId: jobs.start('activations', compile) }
      if (request.job === 'probe') {
        if (tried === undefined) throw new UserError('not-tried', 'Seal and run the network first.')
        const { picture } = request
        return { jobId: jobs.start('probe', { model, preprocessing, folder: tried, picture }) }
      }
      const inputs = testInputs(open, request.samples)
      await scratch.removeAll()
      tried = undefined
      const folder = await scratch.create()
      const keep = async (done: boolean): Promise<void> => {
        if (done) tried = folder
        else await scratch.remove(folder)
      }
      return { jobId: jobs.start('trial', { ...compile, input, inputs, folder }, keep) }
    },
    cancelJob: ({ jobId }) => {
      jobs.cancel(jobId)
      return undefined
    },
  }
}

/** The first inputs; of the sample, pictures that are named after the digit they show. */
function testInputs({ kind, inputs }: Project, count: number): { path: string; index: number; truth?: number }[] {
  if (kind === 'sample')
    return sampleDigits.slice(0, count).map((digit) => ({ path: inputs, index: digit, truth: digit }))
  return Array.from({ length: count }, (_, index) => ({ path: inputs, index }))
}

async function bytesOf(path: string): Promise<number> {
  const where = { file: basename(path) }
  const file = await stat(path).catch((cause: unknown) => {
    throw new UserError('file-not-found', `${basename(path)} cannot be read.`, { where, cause })
  })
  if (!file.isFile()) throw new UserError('not-a-file', `${basename(path)} is not a file.`, { where })
  return file.size
}
