import { spawn } from 'node:child_process'
import { extname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { CancelledError, InternalError, UserError, type ErrorReport } from '../core/errors.ts'
import { LOG_LEVELS, type Log, type LogFields } from '../core/log.ts'
import type { ProgressEvent, WorkContext } from '../core/progress.ts'

/** TypeScript in a checkout, JavaScript in the package. */
const entryOf = (folder: string): string =>
  join(import.meta.dirname, '..', folder, `main${extname(import.meta.filename)}`)
/** Time the edge has to clean up before it is killed; its arithmetic does not look up. */
const GRACE_MS = 1000
const LAST_WORDS = 2000

interface EdgeMessage {
  readonly progress?: ProgressEvent
  readonly result?: unknown
  readonly error?: ErrorReport
  /** Where `serve` listens. */
  readonly url?: string
}

export interface EdgeOptions {
  /** Called once the edge serves. */
  readonly onUrl?: (url: string) => void
  /** Time from a cancellation until the process is killed. */
  readonly graceMs?: number
}

/**
 * Runs an edge command in an operating system process of its own, which is given its arguments and nothing else:
 * no passphrase, no standard input. Ended when the work is cancelled.
 * @throws UserError as the edge reports it; CancelledError; InternalError where it dies
 */
export const runEdge = <T>(args: readonly string[], work: WorkContext, options?: EdgeOptions): Promise<T> =>
  runApart(entryOf('edge'), args, work, options)

/** The same for an auditor's command. */
export const runAuditor = <T>(args: readonly string[], work: WorkContext, options?: EdgeOptions): Promise<T> =>
  runApart(entryOf('audit'), args, work, options)

async function runApart<T>(
  entry: string,
  args: readonly string[],
  work: WorkContext,
  options: EdgeOptions = {},
): Promise<T> {
  const child = spawn(process.execPath, [entry, ...args, '--events'], {
    // Not what Node reads but for a folder of code that it compiled before.
    env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE },
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  })
  const closed = new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(String(signal ?? code)))
  })
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  const stop = (): void => {
    child.kill('SIGTERM')
    const timer = setTimeout(kill, options.graceMs ?? GRACE_MS)
    child.once('close', () => clearTimeout(timer))
  }
  work.signal?.addEventListener('abort', stop, { once: true })
  if (work.signal?.aborted) stop()

  let last: EdgeMessage = {}
  let stderr = ''
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (work.log && relay(line, work.log)) return
    stderr = `${stderr}${line}\n`.slice(-LAST_WORDS)
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = parse(line)
    if (message.progress) work.progress(message.progress)
    else if (message.url !== undefined) options.onUrl?.(message.url)
    else last = message
  })
  try {
    const ended = await closed
    if (last.result !== undefined) return last.result as T
    if (work.signal?.aborted) throw new CancelledError()
    if (last.error) throw asError(last.error)
    throw new InternalError(`The process ended early (${ended}). ${stderr.trim()}`.trim())
  } finally {
    work.signal?.removeEventListener('abort', stop)
    process.off('exit', kill)
  }
}

function parse(line: string): EdgeMessage {
  try {
    return JSON.parse(line) as EdgeMessage
  } catch {
    return {}
  }
}

/** Passes on what the edge's log tells; false where the line is something else. */
function relay(line: string, log: Log): boolean {
  const { time: _time, level, message, service: _service, ...fields } = parse(line) as Record<string, LogFields[string]>
  const known = LOG_LEVELS.find((one) => one === level)
  if (known === undefined || known === 'silent' || typeof message !== 'string') return false
  log(known, message, fields)
  return true
}

function asError({ code, message, where, hint }: ErrorReport): Error {
  if (code === 'cancelled') return new CancelledError()
  return code === 'internal'
    ? new InternalError(message, { where, hint })
    : new UserError(code, message, { where, hint })
}
