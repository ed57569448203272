/**
 * `npm run dev`: the desktop application, which follows its sources. A change of the page builds it anew and reloads it; a change of the
 * main process restarts the application. The engine runs from src-main as it is, so the next job has the change.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { watch } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { chromium, type Browser } from 'playwright-core'
import { present } from '../src-main/core/must.ts'
import { buildApp, root } from './build-app.ts'
import { electronRuntime } from './electron-runtime.ts'
import { ensureSystemLibraries } from './system-libraries.ts'

/** Editors write a file in several steps. */
const settleMs = 200
const shell = ['app', 'core', 'files', 'ipc', 'preload'].map((folder) => join('src-main', folder))

const runtime = await electronRuntime()
ensureSystemLibraries(runtime.executable, { display: false })
await buildApp()

let running = await start()
// Whoever stops this process alone, not with Ctrl-C, means the window too.
process.once('SIGTERM', () => void running.leave().then(() => process.exit(0)))
let changed: { shell: boolean } | undefined
let timer: NodeJS.Timeout | undefined
let work = Promise.resolve()
for (const folder of ['src-renderer', ...shell]) {
  watch(join(root, folder), { recursive: true }, () => {
    changed = { shell: changed?.shell === true || folder !== 'src-renderer' }
    clearTimeout(timer)
    timer = setTimeout(() => (work = work.then(renew)), settleMs)
  })
}

/** A source that does not build is told, and the application stays as it was. */
async function renew(): Promise<void> {
  if (!changed) return
  const { shell } = changed
  changed = undefined
  try {
    await buildApp()
    if (shell) {
      await running.leave()
      running = await start()
    } else await running.browser.contexts()[0].pages()[0].reload()
    process.stderr.write(shell ? 'Restarted.\n' : 'Reloaded.\n')
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    process.stderr.write(`${message}\nNothing was renewed: the application runs on as it was until that is mended.\n`)
  }
}

async function start(): Promise<{ readonly browser: Browser; readonly leave: () => Promise<unknown> }> {
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const child = spawn(runtime.executable, [root, '--remote-debugging-port=0', ...sandbox, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'pipe'],
  })
  const end = (code: number | null): never => process.exit(code ?? 1)
  child.once('exit', end)
  const browser = await chromium.connectOverCDP(await endpointOf(child))
  return {
    browser,
    leave: async () => {
      child.off('exit', end)
      const left = once(child, 'exit')
      child.kill()
      // The next one would find this one's lock.
      await left
    },
  }
}

/** Chromium says it on stderr; what else it says is passed on. */
function endpointOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    createInterface({ input: present(child.stderr) }).on('line', (line) => {
      const found = /^DevTools listening on (ws:.*)$/.exec(line)
      if (found) resolve(found[1])
      else process.stderr.write(`${line}\n`)
    })
  })
}
