import { invariant } from '../../core/errors.ts'
import { AskedWorker } from '../../workers/ask.ts'
import type { ComputedJob, Job } from '../compute-job.ts'
import type { EngineSetup } from './engine-thread.ts'
import { SMALL_HEAP } from '../../kernels/small-heap.ts'

const threadUrl = new URL(import.meta.url.replace(/[^/]*(\.\w+)$/, 'engine-thread$1'))

/** The thread that computes one segment, one input after the other; a dead one is replaced for the next input. */
export class Engine {
  readonly #setup: EngineSetup
  readonly #onRestart: () => void
  #worker: AskedWorker<Job | undefined, ComputedJob | undefined>
  #last: Promise<unknown> = Promise.resolve()

  private constructor(setup: EngineSetup, onRestart: () => void) {
    this.#setup = setup
    this.#onRestart = onRestart
    this.#worker = this.#start()
  }

  /** Resolves when the segment is loaded. Throws what loading does. */
  static async start(setup: EngineSetup, onRestart: () => void = () => {}): Promise<Engine> {
    const engine = new Engine(setup, onRestart)
    try {
      await engine.#ask(undefined)
    } catch (error) {
      await engine.end()
      throw error
    }
    return engine
  }

  /** The thread is ended where one run takes longer than `timeoutMs`; that is an InternalError. */
  async run(job: Job, timeoutMs?: number): Promise<ComputedJob> {
    const computed = await this.#ask(job, timeoutMs)
    invariant(computed, 'an engine answers a job')
    return computed
  }

  async end(): Promise<void> {
    await this.#worker.end()
  }

  #ask(job: Job | undefined, timeoutMs?: number): Promise<ComputedJob | undefined> {
    const turn = this.#last.then(() => {
      if (this.#worker.hasEnded) {
        this.#onRestart()
        this.#worker = this.#start()
      }
      return this.#worker.ask(job, { ...(timeoutMs !== undefined && { timeoutMs }) })
    })
    this.#last = turn.catch(() => {})
    return turn
  }

  #start(): AskedWorker<Job | undefined, ComputedJob | undefined> {
    return new AskedWorker(threadUrl, { workerData: this.#setup, resourceLimits: SMALL_HEAP })
  }
}
