import { AskedWorker } from '../../workers/ask.ts'
import type { OpenAnswer, OpenQuestion, OpenSetup } from './open-thread.ts'

const timeoutMs = 20_000
const threadUrl = new URL(import.meta.url.replace(/[^/]*(\.\w+)$/, 'open-thread$1'))

/**
 * The thread that holds a deployment's keys and meets what nodes send. It answers one question after the other, so that
 * none waits on another's time; one that dies or takes too long is replaced, and loads its keys before the next question.
 */
export class KeyHolder {
  readonly #setup: OpenSetup
  readonly #refreshes: boolean
  #worker: AskedWorker<OpenQuestion, OpenAnswer>
  #last: Promise<unknown> = Promise.resolve()

  private constructor(setup: OpenSetup, refreshes: boolean) {
    this.#setup = setup
    this.#refreshes = refreshes
    this.#worker = this.#start()
  }

  /** Resolves when the keys are loaded, those for refreshes too if asked for. @throws UserError wrong-passphrase */
  static async start(setup: OpenSetup, refreshes: boolean): Promise<KeyHolder> {
    const holder = new KeyHolder(setup, refreshes)
    try {
      await holder.#load()
    } catch (error) {
      await holder.end()
      throw error
    }
    return holder
  }

  ask(question: OpenQuestion): Promise<OpenAnswer> {
    const turn = this.#last.then(async () => {
      if (this.#worker.hasEnded) {
        this.#worker = this.#start()
        await this.#load()
      }
      return await this.#worker.ask(question, { timeoutMs })
    })
    this.#last = turn.catch(() => {})
    return turn
  }

  async end(): Promise<void> {
    await this.#worker.end()
  }

  async #load(): Promise<void> {
    await this.#worker.ask({ kind: 'load', refreshes: this.#refreshes })
  }

  #start(): AskedWorker<OpenQuestion, OpenAnswer> {
    return new AskedWorker(threadUrl, { workerData: this.#setup })
  }
}
