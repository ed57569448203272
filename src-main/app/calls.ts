/** What each call of the contract does. Paths stay here; the page knows file names. */
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { withoutEnding } from '../core/network/file-name.ts'
import { app, clipboard, shell } from 'electron'
import { meetsGoal, recommend } from '../core/compile/candidates.ts'
import { CancelledError, UserError } from '../core/errors.ts'
import type { AdviceView, CandidateView } from '../ipc/results.ts'
import type { CallHandlers } from '../ipc/serve-calls.ts'
import { PRESETS } from '../jobs/presets.ts'
import { commandsOf } from './commands.ts'
import { dataExtensions } from './data-extensions.ts'
import type { Dialogs } from './dialogs.ts'
import type { OpenRequests } from './open-requests.ts'
import { pdfOf } from './print-report.ts'
import { withHandOver } from './report-hand-over.ts'
import { OpenProject, type ProjectSurroundings } from './open-project.ts'
import { bytesOf } from './project-file.ts'
import { sampleModel, sampleProject } from './project.ts'
import type { RememberedPassphrases } from './remembered.ts'
import { viewOfResult } from './results.ts'

export interface Surroundings extends ProjectSurroundings {
  readonly assets: string
  readonly dialogs: Dialogs
  readonly remembered: RememberedPassphrases
  readonly requests: OpenRequests
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

export function callHandlers(surroundings: Surroundings): CallHandlers {
  const { assets, dialogs, starter, recent, remembered, requests, mayLeaveWork, drag, showProgress } = surroundings
  const open = new OpenProject(surroundings)

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
    openSample: async () => await open.fresh(sampleProject(assets, await bytesOf(join(assets, sampleModel)))),
    openRecent: async ({ place }) => await open.file(await recent.at(place)),
    openPending: async () => {
      const path = requests.take()
      return path === undefined ? null : await open.file(path)
    },
    saveProject: async () => {
      const name = `${withoutEnding(open.current.view.fileName)}.sealproj`
      const path = await dialogs.save('Save the project', name)
      if (path !== undefined) await open.saveAs(path)
      return undefined
    },
    openModel: async () => {
      const path = await dialogs.open({
        title: 'Open a trained network',
        properties: ['openFile'],
        filters: [networkFilter],
      })
      return path === undefined ? null : await open.file(path)
    },
    openModelAt: (path) => open.file(path),
    closeProject: async () => {
      if (!mayLeaveWork('Closing the network')) throw new CancelledError()
      await open.close()
      return undefined
    },
    chooseData: async ({ use, from }) => {
      if (from === 'nothing') return await open.change((opened) => opened.choose({ [use]: undefined }))
      if (from === 'samples') return await open.change((opened) => opened.choose({ [use]: opened.calibration }))
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
      return path === undefined ? null : await open.change((opened) => opened.choose({ [use]: path }))
    },
    chooseDataAt: ({ use, path }) => open.change((opened) => opened.choose({ [use]: path })),
    choose: (change) => open.change((opened) => opened.choose(change)),
    undo: () => open.change((opened) => opened.undo()),
    redo: () => open.change((opened) => opened.redo()),
    stay: async ({ stage }) => {
      await open.change((opened) => void (opened.stage = stage))
      return undefined
    },
    project: () => open.current.view,
    recommend: async ({ goal, ...limits }) => {
      const { minKept } = open.current.choices
      const advice = (await open.results()).find(({ job }) => job === 'advise')
      if (!advice) throw new UserError('no-advice', 'Compare deployments first.')
      const { candidates } = advice.value as AdviceView
      const chosen = recommend(candidates, goal, { ...limits, minKept })
      if (!chosen) return null
      return { place: candidates.indexOf(chosen as CandidateView), enough: meetsGoal(chosen, goal, minKept) }
    },
    results: async () => (await open.results()).map(viewOfResult),
    copyCommands: async () => {
      await clipboard.writeText(commandsOf(open.current, starter.keys, starter.exported))
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
        `${withoutEnding(basename(open.current.model))} accuracy.${format}`,
      )
      if (path === undefined) return null
      if (format === 'csv') await copyFile(report, path)
      else {
        const commands = commandsOf(open.current, starter.keys, starter.exported)
        const whole = join(dirname(report), 'whole.html')
        await writeFile(whole, withHandOver(await readFile(report, 'utf8'), starter.planOf(open.current), commands))
        await writeFile(path, await (format === 'pdf' ? pdfOf(whole) : readFile(whole)))
      }
      return basename(path)
    },
    showFolder: ({ of }) => {
      shell.showItemInFolder(of === 'keys' ? starter.keys : starter.exportedBundle)
      return undefined
    },
    startJob: async (request) => {
      const jobId = await starter.start(request, open.known, open.keeping())
      return jobId === undefined ? null : { jobId }
    },
    cancelJob: ({ jobId }) => {
      starter.cancel(jobId)
      return undefined
    },
  }
}
