import { AskedWorker } from '../../workers/ask.ts'
import type { RunInput } from '../../core/plan/check-input.ts'
import type { EngineSetup } from './engine-thread.ts'

const threadUrl = new URL(import.meta.url.replace(/[^/]*(\.\w+)$/, 'engine-thread$1'))

/** The thread that computes one segment, one input after the other; a dead one is replaced for the next input. */
export class Engine {
  readonly #setup: EngineSetup
  readonly #onRestart: () => void
  #worker: AskedWorker<RunInput | undefined, Uint8Array>
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

  /** A result file. The thread is ended where one run takes longer than `timeoutMs`; that is an InternalError. */
  run(input: RunInput, timeoutMs?: number): Promise<Uint8Array> {
    return this.#ask(input, timeoutMs)
  }

  async end(): Promise<void> {
    await this.#worker.end()
  }

  #ask(input: RunInput | undefined, timeoutMs?: number): Promise<Uint8Array> {
    const turn = this.#last.then(() => {
      if (this.#worker.hasEnded) {
        this.#onRestart()
        this.#worker = this.#start()
      }
      return this.#worker.ask(input, { ...(timeoutMs !== undefined && { timeoutMs }) })
    })
    this.#last = turn.catch(() => {})
    return turn
  }

  #start(): AskedWorker<RunInput | undefined, Uint8Array> {
    return new AskedWorker(threadUrl, { workerData: this.#setup })
  }
}
