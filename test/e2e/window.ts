/** A real window on a virtual display of its own, with its own profile and temporary folder. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { _electron } from 'playwright-core'
import type { ElectronApplication, Page } from 'playwright-core'
import { buildApp } from '../../scripts/build-app.ts'
import { electronRuntime } from '../../scripts/electron-runtime.ts'
import { onceAtATime } from '../../scripts/once-at-a-time.ts'
import { ensureSystemLibraries } from '../../scripts/system-libraries.ts'

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** The first window on a fresh machine waits for Electron, system libraries and a build. */
export const firstOpenMs = 900_000

export interface OpenWindow {
  readonly application: ElectronApplication
  readonly page: Page
  /** What the application and its engines may use for files of a moment. */
  readonly temporaryFolder: string
  /** Electron's folder for the person's data. */
  readonly profile: string
  /** When the process was started, on the clock of performance.now(). */
  readonly launchedMs: number
  /** The operating system's id of the main process. */
  readonly pid: number
  close(): Promise<void>
}

export interface WindowOptions {
  readonly colorScheme?: 'light' | 'dark'
  readonly scale?: number
  /** A profile to go on with; a fresh one otherwise. */
  readonly profile?: string
}

/**
 * Builds and opens the application. Installs what is missing where that is permitted and throws otherwise: these tests
 * are never skipped.
 */
export async function openWindow(options: WindowOptions = {}): Promise<OpenWindow> {
  const runtime = await onceAtATime('electron', async () => {
    const found = await electronRuntime()
    ensureSystemLibraries(found.executable, { display: true })
    await buildApp()
    return found
  })
  const display = await startDisplay()
  const scratch = await mkdtemp(join(tmpdir(), 'sealwright-e2e-'))
  const profile = options.profile ?? join(scratch, 'profile')
  const temporaryFolder = await mkdtemp(join(scratch, 'tmp-'))
  const launchedMs = performance.now()
  const application = await _electron.launch({
    executablePath: runtime.executable,
    args: [
      root,
      `--user-data-dir=${profile}`,
      `--force-device-scale-factor=${options.scale ?? 1}`,
      // Chromium's sandbox refuses to run as root, as containers do.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ],
    env: { ...inherited(), ...display.environment, TMPDIR: temporaryFolder },
    ...(options.colorScheme && { colorScheme: options.colorScheme }),
    timeout: 60_000,
  })
  const page = await application.firstWindow()
  // Software draws every picture of a movement here, beside the work that it is shown for.
  await page.emulateMedia({ reducedMotion: 'reduce' })
  // Nobody is there to answer when a test leaves while work is running.
  await application.evaluate(({ dialog }) => void (dialog.showMessageBoxSync = () => 1))
  return {
    application,
    page,
    temporaryFolder,
    profile,
    launchedMs,
    pid: application.process().pid!,
    close: async () => {
      await application.close().catch(() => {})
      display.stop()
      await rm(scratch, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

export const inherited = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )

/** Starts Xvfb on a free display. */
export async function startDisplay(): Promise<{ environment: Record<string, string>; stop: () => void }> {
  if (process.platform !== 'linux') return { environment: {}, stop: () => {} }
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1600x1000x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const [number] = (await once(server.stdio[3]!, 'data')) as [Buffer]
  return { environment: { DISPLAY: `:${number.toString().trim()}` }, stop: () => void server.kill() }
}
