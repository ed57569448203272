import { invariant } from '../../core/errors.ts'
import { AskedWorker, type AskOptions } from '../../workers/ask.ts'
import type { ComputedJob, Job } from '../compute-job.ts'
import type { EngineSetup } from './engine-thread.ts'
import { SMALL_HEAP } from '../../kernels/small-heap.ts'

const threadUrl = new URL(import.meta.url.replace(/[^/]*(\.\w+)$/, 'engine-thread$1'))

type RunOptions = Pick<AskOptions<never>, 'timeoutMs' | 'given'>

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

  /**
   * The thread is ended where one run takes longer than `timeoutMs`; that is an InternalError. What is `given` of the job is
   * the thread's from then on.
   */
  async run(job: Job, options: RunOptions = {}): Promise<ComputedJob> {
    const computed = await this.#ask(job, options)
    invariant(computed, 'an engine answers a job')
    return computed
  }

  async end(): Promise<void> {
    await this.#worker.end()
  }

  #ask(job: Job | undefined, options: RunOptions = {}): Promise<ComputedJob | undefined> {
    const turn = this.#last.then(() => {
      if (this.#worker.hasEnded) {
        this.#onRestart()
        this.#worker = this.#start()
      }
      return this.#worker.ask(job, options)
    })
    this.#last = turn.catch(() => {})
    return turn
  }

  #start(): AskedWorker<Job | undefined, ComputedJob | undefined> {
    return new AskedWorker(threadUrl, { workerData: this.#setup, resourceLimits: SMALL_HEAP })
  }
}
