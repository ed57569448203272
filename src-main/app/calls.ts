/** What each call of the contract does. Paths stay here; the page knows file names. */
import { createHash } from 'node:crypto'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { withoutEnding } from '../core/network/file-name.ts'
import { app, clipboard, shell } from 'electron'
import { meetsGoal, recommend } from '../core/compile/candidates.ts'
import { CancelledError, UserError } from '../core/errors.ts'
import type { AdviceView, CandidateView } from '../ipc/results.ts'
import type { CallHandlers } from '../ipc/serve-calls.ts'
import type { Opened, ProjectView } from '../ipc/views.ts'
import { PRESETS } from '../jobs/presets.ts'
import { commandsOf } from './commands.ts'
import { dataExtensions, looksLikeData } from './data-extensions.ts'
import type { Dialogs } from './dialogs.ts'
import type { OpenRequests } from './open-requests.ts'
import { pdfOf } from './print-report.ts'
import { withHandOver } from './report-hand-over.ts'
import { bytesOf, loadProject, saveProject } from './project-file.ts'
import { choiceWords, Project, sampleModel, sampleProject } from './project.ts'
import type { RecentFiles } from './recent.ts'
import type { RememberedPassphrases } from './remembered.ts'
import { keepResult, keptResults, viewOfResult, type LastingJob } from './results.ts'
import type { JobStarter } from './start-job.ts'

export interface Surroundings {
  readonly assets: string
  readonly dialogs: Dialogs
  readonly starter: JobStarter
  readonly recent: RecentFiles
  readonly remembered: RememberedPassphrases
  readonly requests: OpenRequests
  /** Asks, where work is running that would be stopped. */
  readonly mayLeaveWork: (forWhat: string) => boolean
  /** Goes with the pointer, as a file that is dragged. */
  readonly drag: (file: string) => void
  readonly showProgress: (share: number | null) => void
}

const networkFilter = {
  name: 'Networks, projects, bundles and results',
  extensions: ['onnx', 'tflite', 'sealproj', 'sealed', 'result'],
}
const dataTitles = {
  calibration: 'Choose calibration data',
  calibrationLabels: 'Choose classes of the calibration data',
  inputs: 'Choose inputs',
  labels: 'Choose labels',
}

/** Every network's choices and results are kept in the profile, whether or not the person saves them somewhere. */
function inProfile({ model }: Project): string {
  const name = createHash('sha256').update(model).digest('hex').slice(0, 32)
  return join(app.getPath('userData'), 'projects', name)
}
const autosaveOf = (project: Project): string => `${inProfile(project)}.sealproj`
const resultsOf = (project: Project): string => `${inProfile(project)}.results`

function dataOnNoRow(name: string, isOpen: boolean): UserError {
  const rows = 'on their row of the data panel, on Advice, Activations, Accuracy or Test'
  const hint = isOpen ? `Drop it ${rows}.` : `Open the network first, then drop it ${rows}.`
  return new UserError('data-on-no-row', `${name} looks like samples or labels.`, { hint })
}

export function callHandlers(surroundings: Surroundings): CallHandlers {
  const { assets, dialogs, starter, recent, remembered, requests, mayLeaveWork, drag, showProgress } = surroundings
  let project: Project | undefined
  /** Where the person saved the project. */
  let file: string | undefined

  const current = (): Project => {
    if (!project) throw new UserError('no-project', 'Open a network first.')
    return project
  }
  const replace = async (next: Project | undefined): Promise<void> => {
    await starter.forget()
    project = next
    file = undefined
  }
  /** Looks into the network first: what cannot be opened changes nothing. */
  const open = async (next: Project, savedAt?: string): Promise<Opened | null> => {
    const inspection = await starter.inspect(next.model)
    if (!mayLeaveWork(`Opening ${basename(savedAt ?? next.model)}`)) return null
    await replace(next)
    file = savedAt
    await keep()
    const results = await keptResults(resultsOf(next))
    starter.exported = results.find(({ job }) => job === 'protect')?.path
    return { kind: 'project', project: next.view, inspection, results: results.map(viewOfResult) }
  }
  const openFile = async (path: string): Promise<Opened | null> => {
    const opened = await openAny(path)
    if (opened) await recent.note(path)
    return opened
  }
  const openAny = async (path: string): Promise<Opened | null> => {
    if (/\.sealed$/i.test(path)) {
      await bytesOf(path)
      starter.openedBundle = path
      return { kind: 'bundle', fileName: basename(path) }
    }
    if (/\.result$/i.test(path)) {
      await bytesOf(path)
      starter.openedResult = path
      return { kind: 'result', fileName: basename(path) }
    }
    if (/\.sealproj$/i.test(path)) return await open(await loadProject(path), path)
    if (looksLikeData(path)) throw dataOnNoRow(basename(path), project !== undefined)
    return await open(await resumed(new Project('file', path, await bytesOf(path))))
  }
  /** With the choices that were made for the same network before. */
  const resumed = async (fresh: Project): Promise<Project> => await loadProject(autosaveOf(fresh)).catch(() => fresh)
  const changed = async (change: (project: Project) => void): Promise<ProjectView> => {
    change(current())
    await keep()
    return current().view
  }
  /** Keeps results of the choices that are made now: a job's own are those with which it was started. */
  const resultKeeper = (opened: Project) => {
    const about = { version: app.getVersion(), made: opened.made, choices: choiceWords(opened.choices) }
    return async (job: LastingJob, value: unknown, path?: string): Promise<void> => {
      await keepResult(resultsOf(opened), { job, when: new Date().toISOString(), ...about, value, path })
    }
  }
  /** After every choice: where the work is found again after a crash, and where the person saved it. */
  const keep = async (): Promise<void> => {
    await saveProject(current(), autosaveOf(current()))
    if (file !== undefined) await saveProject(current(), file)
  }

  return {
    about: async () => ({
      version: app.getVersion(),
      electron: process.versions.electron,
      platform: process.platform,
      memoryBytes: totalmem(),
      recent: await recent.views(),
      presets: Object.entries(PRESETS).map(([name, preprocessing]) => ({ name, preprocessing })),
      keyring: remembered.availability,
    }),
    openSample: async () => await open(await resumed(sampleProject(assets, await bytesOf(join(assets, sampleModel))))),
    openRecent: async ({ place }) => await openFile(await recent.at(place)),
    openPending: async () => {
      const path = requests.take()
      return path === undefined ? null : await openFile(path)
    },
    saveProject: async () => {
      const name = `${withoutEnding(current().view.fileName)}.sealproj`
      const path = await dialogs.save('Save the project', name)
      if (path === undefined) return undefined
      await saveProject(current(), path)
      file = path
      await recent.note(path)
      return undefined
    },
    openModel: async () => {
      const path = await dialogs.open({
        title: 'Open a trained network',
        properties: ['openFile'],
        filters: [networkFilter],
      })
      return path === undefined ? null : await openFile(path)
    },
    openModelAt: openFile,
    closeProject: async () => {
      if (!mayLeaveWork('Closing the network')) throw new CancelledError()
      await replace(undefined)
      return undefined
    },
    chooseData: async ({ use, from }) => {
      if (from === 'nothing') return await changed((opened) => opened.choose({ [use]: undefined }))
      if (from === 'samples') return await changed((opened) => opened.choose({ [use]: opened.calibration }))
      const isLabels = use === 'labels' || use === 'calibrationLabels'
      const filters = [
        isLabels
          ? { name: 'Labels', extensions: dataExtensions.labels }
          : { name: 'Samples', extensions: dataExtensions.samples },
        { name: 'Every file', extensions: ['*'] },
      ]
      const title = dataTitles[use]
      const path = await dialogs.open(
        from === 'file'
          ? { title, properties: ['openFile'], filters }
          : { title: `${title} (a folder of pictures)`, properties: ['openDirectory'] },
      )
      return path === undefined ? null : await changed((opened) => opened.choose({ [use]: path }))
    },
    chooseDataAt: ({ use, path }) => changed((opened) => opened.choose({ [use]: path })),
    choose: (change) => changed((opened) => opened.choose(change)),
    undo: () => changed((opened) => opened.undo()),
    redo: () => changed((opened) => opened.redo()),
    stay: async ({ stage }) => {
      await changed((opened) => void (opened.stage = stage))
      return undefined
    },
    project: () => current().view,
    recommend: async ({ goal, ...limits }) => {
      const { minKept } = current().choices
      const advice = (await keptResults(resultsOf(current()))).find(({ job }) => job === 'advise')
      if (!advice) throw new UserError('no-advice', 'Compare deployments first.')
      const { candidates } = advice.value as AdviceView
      const chosen = recommend(candidates, goal, { ...limits, minKept })
      if (!chosen) return null
      return { place: candidates.indexOf(chosen as CandidateView), enough: meetsGoal(chosen, goal, minKept) }
    },
    results: async () => (await keptResults(resultsOf(current()))).map(viewOfResult),
    copyCommands: async () => {
      await clipboard.writeText(commandsOf(current(), starter.keys, starter.exported))
      return undefined
    },
    copyText: async ({ text }) => {
      await clipboard.writeText(text)
      return undefined
    },
    dragBundle: () => {
      drag(starter.exportedBundle)
      return undefined
    },
    showProgress: (share) => {
      showProgress(share)
      return undefined
    },
    saveReport: async ({ format }) => {
      const report = starter.report(format === 'csv' ? 'csv' : 'html')
      const path = await dialogs.save(
        'Save the report',
        `${withoutEnding(basename(current().model))} accuracy.${format}`,
      )
      if (path === undefined) return null
      if (format === 'csv') await copyFile(report, path)
      else {
        const commands = commandsOf(current(), starter.keys, starter.exported)
        const whole = join(dirname(report), 'whole.html')
        await writeFile(whole, withHandOver(await readFile(report, 'utf8'), starter.planOf(current()), commands))
        await writeFile(path, await (format === 'pdf' ? pdfOf(whole) : readFile(whole)))
      }
      return basename(path)
    },
    showFolder: ({ of }) => {
      shell.showItemInFolder(of === 'keys' ? starter.keys : starter.exportedBundle)
      return undefined
    },
    startJob: async (request) => {
      const jobId = await starter.start(request, project, {
        test: async (test) => {
          if (project) await changed((opened) => opened.noteTest(test))
        },
        result: project ? resultKeeper(project) : async () => {},
      })
      return jobId === undefined ? null : { jobId }
    },
    cancelJob: ({ jobId }) => {
      starter.cancel(jobId)
      return undefined
    },
  }
}
