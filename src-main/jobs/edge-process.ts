import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { CancelledError, InternalError, UserError, type ErrorReport } from '../core/errors.ts'
import type { ProgressEvent, WorkContext } from '../core/progress.ts'

const ENTRY = join(import.meta.dirname, '..', 'edge', 'main.ts')
/** Time the edge has to clean up before it is killed; its arithmetic does not look up. */
const GRACE_MS = 1000
const LAST_WORDS = 2000

type EdgeMessage = { progress: ProgressEvent } | { result: unknown } | { error: ErrorReport }

/**
 * Runs an edge command in an operating system process of its own, which is given its arguments and nothing else:
 * no passphrase, no standard input. Ended when the work is cancelled.
 * @throws UserError as the edge reports it; CancelledError; InternalError where it dies
 */
export async function runEdge<T>(args: readonly string[], work: WorkContext): Promise<T> {
  const child = spawn(process.execPath, [ENTRY, ...args, '--events'], {
    env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR },
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  })
  const closed = new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(String(signal ?? code)))
  })
  const stop = (): void => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS)
    child.once('close', () => clearTimeout(timer))
  }
  work.signal?.addEventListener('abort', stop, { once: true })
  if (work.signal?.aborted) stop()

  let last: EdgeMessage | undefined
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-LAST_WORDS)))
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = parse(line)
    if (message && 'progress' in message) work.progress(message.progress)
    else last = message ?? last
  })
  try {
    const ended = await closed
    if (work.signal?.aborted) throw new CancelledError()
    if (last && 'result' in last) return last.result as T
    if (last && 'error' in last) throw asError(last.error)
    throw new InternalError(`The edge process ended early (${ended}). ${stderr.trim()}`.trim())
  } finally {
    work.signal?.removeEventListener('abort', stop)
  }
}

function parse(line: string): EdgeMessage | undefined {
  try {
    return JSON.parse(line) as EdgeMessage
  } catch {
    return undefined
  }
}

function asError({ code, message, where, hint }: ErrorReport): Error {
  if (code === 'cancelled') return new CancelledError()
  return code === 'internal'
    ? new InternalError(message, { where, hint })
    : new UserError(code, message, { where, hint })
}
