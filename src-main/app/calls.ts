/** What each call of the contract does. Paths stay here; the page knows file names. */
import { join } from 'node:path'
import { app, dialog } from 'electron'
import type { BrowserWindow, OpenDialogOptions } from 'electron'
import { UserError } from '../core/errors.ts'
import type { CallHandlers } from '../ipc/serve-calls.ts'
import type { ProjectView } from '../ipc/views.ts'
import type { WindowJobs } from './jobs.ts'
import { bytesOf, loadProject, saveProject } from './project-file.ts'
import { Project, sampleProject } from './project.ts'
import type { Scratch } from './scratch.ts'
import { saveAs, startJob, Trials } from './start-job.ts'

export interface Surroundings {
  readonly assets: string
  readonly jobs: WindowJobs
  readonly scratch: Scratch
  window(): BrowserWindow | undefined
}

export function callHandlers({ assets, jobs, scratch, window }: Surroundings): CallHandlers {
  let project: Project | undefined
  const trials = new Trials(scratch)
  const autosave = join(app.getPath('userData'), 'last.sealproj')
  /** Where the person saved the project. */
  let file: string | undefined

  const current = (): Project => {
    if (!project) throw new UserError('no-project', 'Open a network first.')
    return project
  }
  const replace = async (next: Project | undefined): Promise<void> => {
    await jobs.stopAll()
    await trials.forget()
    project = next
    file = undefined
  }
  const open = async (next: Project): Promise<ProjectView> => {
    await replace(next)
    await keep()
    return next.view
  }
  const openFile = async (path: string): Promise<ProjectView> => {
    if (/\.sealproj$/i.test(path)) {
      const view = await open(await loadProject(path))
      file = path
      return view
    }
    return await open(new Project('file', path, await bytesOf(path)))
  }
  const ask = async (options: OpenDialogOptions): Promise<string | undefined> => {
    const parent = window()
    const answer = await (parent ? dialog.showOpenDialog(parent, options) : dialog.showOpenDialog(options))
    return answer.canceled ? undefined : answer.filePaths[0]
  }
  const changed = async (change: (project: Project) => void): Promise<ProjectView> => {
    change(current())
    await keep()
    return current().view
  }
  /** After every choice: where the work is found again after a crash, and where the person saved it. */
  const keep = async (): Promise<void> => {
    await saveProject(current(), autosave)
    if (file !== undefined) await saveProject(current(), file)
  }

  return {
    about: async () => ({
      version: app.getVersion(),
      electron: process.versions.electron,
      platform: process.platform,
      lastProject: await loadProject(autosave).then(
        ({ view }) => view.fileName,
        () => undefined,
      ),
    }),
    openSample: async () => await open(sampleProject(assets, await bytesOf(sampleProject(assets, 0).model))),
    reopen: async () => await open(await loadProject(autosave)),
    saveProject: async () => {
      const name = `${current().view.fileName.replace(/\.onnx$/i, '')}.sealproj`
      const path = await saveAs(window(), 'Save the project', name)
      if (path === undefined) return undefined
      await saveProject(current(), path)
      file = path
      return undefined
    },
    openModel: async () => {
      const filters = [{ name: 'Networks and projects', extensions: ['onnx', 'sealproj'] }]
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
      return path === undefined ? null : await changed((opened) => opened.choose({ [use]: path }))
    },
    choose: (change) => changed((opened) => opened.choose(change)),
    undo: () => changed((opened) => opened.undo()),
    redo: () => changed((opened) => opened.redo()),
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
