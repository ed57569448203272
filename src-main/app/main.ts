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
import { WindowJobs } from './jobs.ts'
import { setMenu } from './menu.ts'
import { fileArgument, OpenRequests } from './open-requests.ts'
import { registerPageScheme, servePage } from './page.ts'
import { RecentFiles } from './recent.ts'
import { RememberedPassphrases } from './remembered.ts'
import { Scratch } from './scratch.ts'
import { JobStarter } from './start-job.ts'
import { watchForUpdates } from './updates.ts'
import { createWindow, denyByDefault, isTrustedSender, preloadPath } from './window.ts'

const builtFolder = dirname(fileURLToPath(import.meta.url))
/** Where src-main/, assets/ and node_modules/ are: the checkout, or a folder of their own in a package. */
const engineFolder = app.isPackaged ? join(process.resourcesPath, 'engine') : dirname(dirname(builtFolder))
const inProfile = (name: string): string => join(app.getPath('userData'), name)

const longJobMs = 20_000
const jobTitles: Readonly<Record<JobName, string>> = {
  inspect: 'Inspecting the network',
  activations: 'Fitting the polynomials',
  frontier: 'Trying degrees',
  validate: 'Measuring the accuracy',
  plan: 'Planning',
  proposals: 'Comparing splits',
  protect: 'The export',
  trial: 'The encrypted test',
  probe: 'The encrypted test',
  batch: 'The encrypted batch',
  keys: 'Work on the keys',
  audit: 'Checking the audit log',
  bundle: 'Checking the bundle',
}

let window: BrowserWindow | undefined
const send = (channel: string, message: unknown): void => {
  if (window && !window.isDestroyed()) window.webContents.send(channel, message)
}
const command = (name: MenuCommand): void => send(menuChannel, name)
const jobs = new WindowJobs(engineFolder, (update) => send(jobChannel, update), announce)
const scratch = new Scratch(inProfile('trials'))
const fits = new Scratch(inProfile('fits'))
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
  await Promise.all([app.whenReady(), scratch.removeAll(), fits.removeAll()])
  denyByDefault()
  servePage(join(dirname(builtFolder), 'renderer'))
  const dialogs = new Dialogs(() => window)
  const remembered = new RememberedPassphrases(inProfile('passphrases.json'), safeStorage, process.platform)
  const starter = new JobStarter({ jobs, scratch, dialogs, remembered, keys: inProfile('keys'), fits: fits.folder })
  const recent = new RecentFiles(inProfile('recent.json'))
  const handlers = callHandlers({
    assets: join(engineFolder, 'assets'),
    dialogs,
    starter,
    recent,
    remembered,
    requests,
  })
  serveCalls(handlers, (event) => isTrustedSender(event, window))
  setMenu(command)
  window = createWindow(preloadPath(builtFolder))
  void watchForUpdates()
}

/** Says that a long job has ended, to a person who is looking at something else. */
function announce(job: JobName, ms: number): void {
  if (ms < longJobMs || !window || window.isDestroyed() || window.isFocused() || !Notification.isSupported()) return
  new Notification({ title: 'Sealwright', body: `${jobTitles[job]} has ended.` }).show()
}

let tidy = false

/** Running jobs are cancelled and what was only tried is removed before the application leaves. */
function leaveTidy(event: Electron.Event): void {
  if (tidy) return
  event.preventDefault()
  void jobs
    .stopAll()
    .then(() => Promise.all([scratch.removeAll(), fits.removeAll()]))
    .finally(() => {
      tidy = true
      app.quit()
    })
}
