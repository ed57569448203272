/** What each call of the contract does. Paths stay here; the page knows file names. */
import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { app, dialog } from 'electron'
import type { BrowserWindow } from 'electron'
import { UserError } from '../core/errors.ts'
import type { ProjectView } from '../ipc/views.ts'
import type { CallHandlers } from '../ipc/serve-calls.ts'
import type { WindowJobs } from './jobs.ts'

interface Project {
  readonly kind: 'sample' | 'file'
  readonly model: string
}

export function callHandlers(assets: string, jobs: WindowJobs, window: () => BrowserWindow | undefined): CallHandlers {
  let project: Project | undefined

  const open = async (kind: Project['kind'], model: string): Promise<ProjectView> => {
    const file = await stat(model).catch((cause: unknown) => {
      throw new UserError('file-not-found', `${basename(model)} cannot be read.`, { cause })
    })
    if (!file.isFile()) throw new UserError('not-a-file', `${basename(model)} is not a file.`)
    await jobs.stopAll()
    project = { kind, model }
    return { kind, fileName: basename(model), fileBytes: file.size }
  }
  const current = (): Project => {
    if (!project) throw new UserError('no-project', 'Open a network first.')
    return project
  }

  return {
    about: () => ({ version: app.getVersion(), electron: process.versions.electron, platform: process.platform }),
    openSample: () => open('sample', join(assets, 'lenet5.onnx')),
    openModel: async () => {
      const options: Electron.OpenDialogOptions = {
        title: 'Open a trained network',
        properties: ['openFile'],
        filters: [{ name: 'ONNX networks', extensions: ['onnx'] }],
      }
      const parent = window()
      const answer = await (parent ? dialog.showOpenDialog(parent, options) : dialog.showOpenDialog(options))
      return answer.canceled ? null : open('file', answer.filePaths[0])
    },
    openModelAt: (path) => open('file', path),
    closeProject: async () => {
      await jobs.stopAll()
      project = undefined
    },
    startJob: (request) => {
      const { model } = current()
      if (request.job === 'inspect') {
        return {
          jobId: jobs.start({ name: 'inspect', engineJob: 'inspect', request: { model }, view: (value) => value }),
        }
      }
      const { samples } = request
      return {
        jobId: jobs.start({ name: 'trial', engineJob: 'trial', request: { model, samples }, view: (value) => value }),
      }
    },
    cancelJob: ({ jobId }) => jobs.cancel(jobId),
    showFolder: () => {},
  }
}
