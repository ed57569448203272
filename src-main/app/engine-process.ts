/** Starts engine processes, and makes sure that none outlives its job. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { CancelledError, InternalError } from '../core/errors.ts'
import type { ErrorReport } from '../core/errors.ts'
import { present } from '../core/must.ts'
import type { ProgressListener } from '../core/progress.ts'
import type { EngineJobName, EngineJobs } from './engine-jobs.ts'
import type { FromEngine, ToEngine } from './engine-messages.ts'

/** Time a cancelled job has to clean up before it is killed. */
const graceMs = 8_000
const lastWords = 2_000

export interface EngineRun<T> {
  /** Rejects with EngineError, CancelledError or InternalError. */
  readonly result: Promise<T>
  cancel(): void
  /** For leaving the application at once. */
  kill(): void
}

/** An error that a job reported, as it reported it. */
export class EngineError extends Error {
  readonly report: ErrorReport

  constructor(report: ErrorReport) {
    super(report.message)
    this.report = report
  }
}

/** `folder` holds src-main/ and node_modules/: the checkout, or resources/engine in a package. */
export function startEngine<N extends EngineJobName>(
  folder: string,
  job: N,
  request: EngineJobs[N]['request'],
  progress: ProgressListener,
): EngineRun<EngineJobs[N]['result']> {
  const child = spawn(nodeIn(folder), [join(folder, 'src-main', 'app', 'engine.ts')], {
    cwd: folder,
    env: cleanEnvironment(folder),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    detached: process.platform !== 'win32',
    windowsHide: true,
  })
  let cancelled = false
  const result = new Promise<EngineJobs[N]['result']>((resolve, reject) => {
    let stderr = ''
    let done: (() => void) | undefined
    let failed: (() => void) | undefined
    present(child.stderr)
      .setEncoding('utf8')
      .on('data', (text: string) => (stderr = (stderr + text).slice(-lastWords)))
    child.on('message', (message: FromEngine) => {
      if (message.kind === 'progress') progress(message.event)
      else if (message.kind === 'done') done = () => resolve(message.value as EngineJobs[N]['result'])
      else failed = () => reject(new EngineError(message.error))
    })
    child.on('error', (cause) => reject(new InternalError('The engine process could not be started.', { cause })))
    child.on('close', (code, signal) => {
      // What was found before it was stopped counts, such as the deployments that were compared until then.
      if (done) done()
      else if (cancelled) reject(new CancelledError())
      else if (failed) failed()
      else reject(new InternalError(`The engine process ended early (${signal ?? code}). ${stderr.trim()}`))
    })
    child.send({ kind: 'run', job, request } satisfies ToEngine, () => {})
  })
  const kill = (): void => killTree(child)
  return {
    result,
    kill,
    cancel: () => {
      if (cancelled || child.exitCode !== null) return
      cancelled = true
      if (child.connected) child.send({ kind: 'cancel' } satisfies ToEngine, () => {})
      const timer = setTimeout(kill, graceMs)
      child.once('close', () => clearTimeout(timer))
    },
  }
}

function nodeIn(folder: string): string {
  const name = process.platform === 'win32' ? 'node.exe' : 'node'
  const places = [join(folder, name), join(folder, 'node_modules', '.bin', name)]
  return places.find((place) => existsSync(place)) ?? name
}

/** Only what a job may need; nothing that changes what Node does. The last is a folder of code that it compiled before. */
function cleanEnvironment(folder: string): NodeJS.ProcessEnv {
  const kept = [
    ...['HOME', 'LANG', 'TMPDIR', 'TEMP', 'TMP', 'USERPROFILE', 'APPDATA', 'LOCALAPPDATA', 'SystemRoot', 'TZ'],
    'NODE_COMPILE_CACHE',
  ]
  const environment = Object.fromEntries(kept.map((name) => [name, process.env[name]]))
  return { ...environment, PATH: [join(folder, 'node_modules', '.bin'), process.env.PATH].join(delimiter) }
}

/** The engine leads a process group of its own, so that an edge process it started goes with it. */
function killTree(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') spawn('taskkill', ['/pid', String(child.pid), '/t', '/f'], { windowsHide: true })
    else process.kill(-child.pid, 'SIGKILL')
  } catch {
    // Already gone.
  }
}
