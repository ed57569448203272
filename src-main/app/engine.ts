/**
 * An engine process: Node, not Electron. It runs one job of jobs/, exactly as the command line does, so that the window
 * never computes, a cancelled job's memory is given back, and both shells give the same answer in the same time.
 */
import { reportError } from '../core/errors.ts'
import { engineJobs } from './engine-jobs.ts'
import type { FromEngine, ToEngine } from './engine-messages.ts'

const cancel = new AbortController()
let started = false

const send = (message: FromEngine): Promise<void> =>
  new Promise((resolve) => {
    if (process.connected && process.send) process.send(message, () => resolve())
    else resolve()
  })

async function run(message: Extract<ToEngine, { kind: 'run' }>): Promise<void> {
  try {
    const job = engineJobs[message.job] as (request: unknown, work: unknown) => Promise<unknown>
    const value = await job(message.request, {
      progress: (event: unknown) => void send({ kind: 'progress', event } as FromEngine),
      signal: cancel.signal,
    })
    await send({ kind: 'done', value })
  } catch (error) {
    await send({ kind: 'failed', error: reportError(error) })
  }
  process.exit()
}

process.on('message', (message: ToEngine) => {
  if (message.kind === 'cancel') cancel.abort()
  else if (!started) {
    started = true
    void run(message)
  }
})
// The window is gone: stop the job, which cleans up after itself.
process.on('disconnect', () => cancel.abort())
