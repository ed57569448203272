/** The desktop shell: one window, one set of calls, engine processes for all work. */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { app, Notification } from 'electron'
import type { BrowserWindow } from 'electron'
import { jobChannel, menuChannel } from '../ipc/calls.ts'
import type { JobName } from '../ipc/jobs.ts'
import { serveCalls } from '../ipc/serve-calls.ts'
import { callHandlers } from './calls.ts'
import { WindowJobs } from './jobs.ts'
import { setMenu } from './menu.ts'
import { registerPageScheme, servePage } from './page.ts'
import { Scratch } from './scratch.ts'
import { createWindow, denyByDefault, isTrustedSender, preloadPath } from './window.ts'

const builtFolder = dirname(fileURLToPath(import.meta.url))
/** Where src-main/, assets/ and node_modules/ are: the checkout, or a folder of their own in a package. */
const engineFolder = app.isPackaged ? join(process.resourcesPath, 'engine') : dirname(dirname(builtFolder))

const longJobMs = 20_000
const jobTitles: Readonly<Record<JobName, string>> = {
  inspect: 'Inspecting the network',
  activations: 'Fitting the polynomials',
  validate: 'Measuring the accuracy',
  forecast: 'Planning',
  protect: 'The export',
  trial: 'The encrypted test',
  probe: 'The encrypted test',
  keys: 'Work on the keys',
}

let window: BrowserWindow | undefined
const send = (channel: string, message: unknown): void => {
  if (window && !window.isDestroyed()) window.webContents.send(channel, message)
}
const jobs = new WindowJobs(engineFolder, (update) => send(jobChannel, update), announce)

const scratch = new Scratch(join(app.getPath('userData'), 'trials'))

if (app.requestSingleInstanceLock()) void start()
else app.quit()

async function start(): Promise<void> {
  registerPageScheme()
  app.on('second-instance', () => {
    if (window?.isMinimized()) window.restore()
    window?.focus()
  })
  app.on('window-all-closed', () => app.quit())
  app.on('before-quit', leaveTidy)
  await Promise.all([app.whenReady(), scratch.removeAll()])
  denyByDefault()
  servePage(join(dirname(builtFolder), 'renderer'))
  serveCalls(callHandlers({ assets: join(engineFolder, 'assets'), jobs, scratch, window: () => window }), (event) =>
    isTrustedSender(event, window),
  )
  setMenu((command) => send(menuChannel, command))
  window = createWindow(preloadPath(builtFolder))
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
    .then(() => scratch.removeAll())
    .finally(() => {
      tidy = true
      app.quit()
    })
}
