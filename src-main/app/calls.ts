/** What each call of the contract does. Paths stay here; the page knows file names. */
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { app, dialog } from 'electron'
import type { BrowserWindow, OpenDialogOptions } from 'electron'
import { UserError } from '../core/errors.ts'
import type { CallHandlers } from '../ipc/serve-calls.ts'
import type { ProjectView } from '../ipc/views.ts'
import type { WindowJobs } from './jobs.ts'
import { Project, sampleProject } from './project.ts'
import type { Scratch } from './scratch.ts'
import { startJob, Trials } from './start-job.ts'

export interface Surroundings {
  readonly assets: string
  readonly jobs: WindowJobs
  readonly scratch: Scratch
  window(): BrowserWindow | undefined
}

export function callHandlers({ assets, jobs, scratch, window }: Surroundings): CallHandlers {
  let project: Project | undefined
  const trials = new Trials(scratch)

  const current = (): Project => {
    if (!project) throw new UserError('no-project', 'Open a network first.')
    return project
  }
  const replace = async (next: Project | undefined): Promise<void> => {
    await jobs.stopAll()
    await trials.forget()
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
      const extensions = use === 'labels' ? ['npy', 'npz', 'csv', 'txt'] : ['npy', 'npz', 'png', 'jpg', 'jpeg']
      const filters = [{ name: use === 'labels' ? 'Labels' : 'Samples', extensions }]
      const title = { calibration: 'Choose calibration data', inputs: 'Choose inputs', labels: 'Choose labels' }[use]
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
      const jobId = await startJob(request, project, trials, { jobs, window })
      return jobId === undefined ? null : { jobId }
    },
    cancelJob: ({ jobId }) => {
      jobs.cancel(jobId)
      return undefined
    },
  }
}

async function bytesOf(path: string): Promise<number> {
  const where = { file: basename(path) }
  const file = await stat(path).catch((cause: unknown) => {
    throw new UserError('file-not-found', `${basename(path)} cannot be read.`, { where, cause })
  })
  if (!file.isFile()) throw new UserError('not-a-file', `${basename(path)} is not a file.`, { where })
  return file.size
}
