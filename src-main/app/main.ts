/** The desktop shell: one window, one set of calls, engine processes for all work. */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { app, Notification, safeStorage } from 'electron'
import type { BrowserWindow } from 'electron'
import { jobChannel, menuChannel } from '../ipc/calls.ts'
import type { MenuCommand } from '../ipc/contract.ts'
import type { JobName } from '../ipc/jobs.ts'
import { serveCalls } from '../ipc/serve-calls.ts'
import { callHandlers } from './calls.ts'
import { Dialogs } from './dialogs.ts'
import { jobTitles, worthAsking } from './job-titles.ts'
import { WindowJobs } from './jobs.ts'
import { setMenu } from './menu.ts'
import { fileArgument, OpenRequests } from './open-requests.ts'
import { registerPageScheme, servePage } from './page.ts'
import { RecentFiles } from './recent.ts'
import { RememberedPassphrases } from './remembered.ts'
import { Scratch } from './scratch.ts'
import { JobStarter } from './start-job.ts'
import { trimFolder } from './trim-folder.ts'
import { watchForUpdates } from './updates.ts'
import { createWindow, denyByDefault, isTrustedSender, preloadPath } from './window.ts'

const builtFolder = dirname(fileURLToPath(import.meta.url))
/** Where src-main/, assets/ and node_modules/ are: the checkout, or a folder of their own in a package. */
const engineFolder = app.isPackaged ? join(process.resourcesPath, 'engine') : dirname(dirname(builtFolder))
const inProfile = (name: string): string => join(app.getPath('userData'), name)

const longJobMs = 20_000
let window: BrowserWindow | undefined
const send = (channel: string, message: unknown): void => {
  if (window && !window.isDestroyed()) window.webContents.send(channel, message)
}
const command = (name: MenuCommand): void => send(menuChannel, name)
const jobs = new WindowJobs(engineFolder, (update) => send(jobChannel, update), announce)
const scratch = new Scratch(inProfile('trials'))
const fits = inProfile('fits')
/** Of kept fits, which hold weights in the clear. */
const mostFitBytes = 2e9
const dialogs = new Dialogs(() => window)
const requests = new OpenRequests(() => command('open-pending'))

if (app.requestSingleInstanceLock()) void start()
else app.quit()

async function start(): Promise<void> {
  registerPageScheme()
  requests.put(fileArgument(process.argv, process.cwd()))
  app.on('open-file', (event, path) => {
    event.preventDefault()
    requests.put(path)
  })
  app.on('second-instance', (_event, args, folder) => {
    if (window?.isMinimized()) window.restore()
    window?.focus()
    requests.put(fileArgument(args, folder))
  })
  app.on('window-all-closed', () => app.quit())
  app.on('before-quit', leaveTidy)
  await Promise.all([app.whenReady(), scratch.removeAll(), trimFolder(fits, mostFitBytes)])
  denyByDefault()
  servePage(join(dirname(builtFolder), 'renderer'))
  const remembered = new RememberedPassphrases(inProfile('passphrases.json'), safeStorage, process.platform)
  const starter = new JobStarter({ jobs, scratch, dialogs, remembered, keys: inProfile('keys'), fits })
  const recent = new RecentFiles(inProfile('recent.json'))
  const handlers = callHandlers({
    assets: join(engineFolder, 'assets'),
    dialogs,
    starter,
    recent,
    remembered,
    requests,
    mayLeaveWork: (forWhat) => mayStop(forWhat),
    drag: (file) => window?.webContents.startDrag({ file, icon: join(engineFolder, 'assets', 'icon.png') }),
    showProgress: (share) => window?.setProgressBar(share ?? -1),
  })
  serveCalls(handlers, (event) => isTrustedSender(event, window))
  setMenu(command, join(engineFolder, 'docs'))
  app.setAboutPanelOptions({
    applicationName: 'Sealwright',
    applicationVersion: app.getVersion(),
    version: `Electron ${process.versions.electron}`,
    copyright: 'Copyright © the Sealwright authors, Apache-2.0',
    iconPath: join(engineFolder, 'assets', 'icon.png'),
  })
  window = createWindow(preloadPath(builtFolder))
  window.on('close', askBeforeLeaving)
  void watchForUpdates()
}

/** Says how a long job has ended, to a person who is looking at something else. */
function announce(job: JobName, ms: number, succeeded: boolean): void {
  if (ms < longJobMs || !window || window.isDestroyed() || window.isFocused() || !Notification.isSupported()) return
  new Notification({
    title: 'Sealwright',
    body: `${jobTitles[job]} ${succeeded ? 'is done' : 'failed'}.`,
  }).show()
}

/** The person is asked once: the window closes before the application leaves. */
let agreed = false
const mayStop = (forWhat: string): boolean => {
  const work = worthAsking(jobs.names)
  return agreed || work.length === 0 || dialogs.mayStop(work, forWhat)
}

function askBeforeLeaving(event: Electron.Event): void {
  if (mayStop('Closing the window')) agreed = true
  else event.preventDefault()
}

let tidy = false

/** Running jobs are cancelled and what was only tried is removed before the application leaves. */
function leaveTidy(event: Electron.Event): void {
  if (tidy) return
  askBeforeLeaving(event)
  if (!agreed) return
  event.preventDefault()
  void jobs
    .stopAll()
    .then(() => scratch.removeAll())
    .finally(() => {
      tidy = true
      app.quit()
    })
}
