/** `npm start`: builds and opens the desktop application. Further arguments go to Electron. */
import { spawn } from 'node:child_process'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildApp } from './build-app.ts'
import { electronRuntime } from './electron-runtime.ts'
import { ensureSystemLibraries } from './system-libraries.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const args = process.argv.slice(2)
const asRoot = process.platform === 'linux' && process.getuid?.() === 0

if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
  fail('There is no display here for a window; `npm run demo` does the main job in the terminal.')
}
try {
  const runtime = await electronRuntime()
  process.stderr.write(`Runtime: ${runtime.origin}.\n`)
  ensureSystemLibraries(runtime.executable, { display: false })
  await buildApp()
  if (asRoot) process.stderr.write('As root, Chromium runs without its sandbox; for everyday work, be another user.\n')
  const child = spawn(runtime.executable, [root, ...(asRoot ? ['--no-sandbox'] : []), ...args], { stdio: 'inherit' })
  child.on('exit', (code) => process.exit(code ?? 1))
} catch (error) {
  fail(error instanceof Error ? error.message : String(error))
}

function fail(sentence: string): never {
  process.stderr.write(`${sentence}\n`)
  process.exit(1)
}
