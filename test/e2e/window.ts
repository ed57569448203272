/** A real window on a virtual display of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { _electron } from 'playwright-core'
import type { ElectronApplication, Page } from 'playwright-core'
import { electronRuntime } from '../../scripts/electron-runtime.ts'
import { ensureSystemLibraries } from '../../scripts/system-libraries.ts'

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

export interface OpenWindow {
  readonly application: ElectronApplication
  readonly page: Page
  close(): Promise<void>
}

/** Installs what is missing where that is permitted, and throws otherwise: these tests are never skipped. */
export async function openWindow(options: { colorScheme?: 'light' | 'dark' } = {}): Promise<OpenWindow> {
  const runtime = await electronRuntime()
  ensureSystemLibraries(runtime.executable, { display: true })
  const display = await startDisplay()
  const profile = await mkdtemp(join(tmpdir(), 'sealwright-e2e-'))
  const application = await _electron.launch({
    executablePath: runtime.executable,
    // Chromium's sandbox refuses to run as root, as containers do.
    args: [root, `--user-data-dir=${profile}`, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
    env: { ...(process.env as Record<string, string>), ...display.environment },
    ...(options.colorScheme && { colorScheme: options.colorScheme }),
  })
  const page = await application.firstWindow()
  return {
    application,
    page,
    close: async () => {
      await application.close()
      display.stop()
      await rm(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

async function startDisplay() {
  if (process.platform !== 'linux') return { environment: {}, stop: () => {} }
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1440x960x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const [number] = (await once(server.stdio[3]!, 'data')) as [Buffer]
  return { environment: { DISPLAY: `:${number.toString().trim()}` }, stop: () => void server.kill() }
}
