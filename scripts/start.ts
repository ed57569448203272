/** `npm start`: builds and opens the desktop application. Further arguments go to Electron. */
import { spawn } from 'node:child_process'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildApp } from './build-app.ts'
import { electronRuntime } from './electron-runtime.ts'
import { ensureSystemLibraries } from './system-libraries.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const args = process.argv.slice(2)

if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
  fail('There is no display here for a window; `npm run demo` does the main job in the terminal.')
}
if (process.platform === 'linux' && process.getuid?.() === 0 && !args.includes('--no-sandbox')) {
  fail('Electron does not run as root with its sandbox: start as another user, or `npm start -- --no-sandbox`.')
}
try {
  const runtime = await electronRuntime()
  process.stderr.write(`Runtime: ${runtime.origin}.\n`)
  ensureSystemLibraries(runtime.executable, { display: false })
  await buildApp()
  const child = spawn(runtime.executable, [root, ...args], { stdio: 'inherit' })
  child.on('exit', (code) => process.exit(code ?? 1))
} catch (error) {
  fail(error instanceof Error ? error.message : String(error))
}

function fail(sentence: string): never {
  process.stderr.write(`${sentence}\n`)
  process.exit(1)
}
