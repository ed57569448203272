import { UserError } from '../../core/errors.ts'
import { lastOf, present } from '../../core/must.ts'
import { AskedWorker } from '../../workers/ask.ts'
import type { Body, Parsed } from './body.ts'
import { SMALL_HEAP } from '../../kernels/small-heap.ts'

export interface ReadLimits {
  /** Processor time of one body, so that a busy machine refuses nothing that is right. */
  readonly processorMs: number
  /** Time in which a body that is within its processor time has to be read. */
  readonly waitMs: number
}

const usual: ReadLimits = { processorMs: 5_000, waitMs: 60_000 }
const lookMs = 100
/** Threads that wait for bodies; more may read at a time. */
const MOST_IDLE = 4
const threadUrl = new URL(import.meta.url.replace(/[^/]*(\.\w+)$/, 'parse-thread$1'))

type Thread = AskedWorker<Body | undefined, Parsed | undefined>

/**
 * Reads bytes from outside, in threads that may fail without harm. A thread that a body could not be read in, or that
 * decoded a picture, reads no other body: decoders are WebAssembly, where a hostile picture could leave something
 * behind. The next thread is started ahead, so that nobody waits for it.
 */
export class BodyReader {
  readonly #limits: ReadLimits
  readonly #idle: Thread[] = []

  constructor(limits: ReadLimits = usual) {
    this.#limits = limits
  }

  /** Resolves when the next body finds a thread that is ready. */
  async warm(): Promise<void> {
    if (this.#idle.length === 0) this.#idle.push(start())
    await lastOf(this.#idle)
      .ask(undefined)
      .catch(() => {})
  }

  /**
   * What a body holds.
   * @throws UserError unreadable-sample, busy, and what reading samples says
   */
  async read(body: Body): Promise<Parsed> {
    const thread = this.#take()
    let isClean = false
    try {
      const parsed = await this.#readIn(thread, body)
      isClean = !body.type.startsWith('image/')
      return parsed
    } finally {
      if (isClean && this.#idle.length < MOST_IDLE) this.#idle.push(thread)
      else await thread.end()
      void this.warm()
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.#idle.map((thread) => thread.end()))
  }

  #take(): Thread {
    for (;;) {
      const thread = this.#idle.pop()
      if (!thread?.hasEnded) return thread ?? start()
    }
  }

  async #readIn(thread: Thread, body: Body): Promise<Parsed> {
    const startedMs = performance.now()
    const usedMs = (await thread.processorMs()) ?? 0
    let isBusy = false
    const look = async (): Promise<void> => {
      const used = await thread.processorMs()
      // Where Node does not tell a thread's processor time, time itself is the limit.
      const isSpent = used !== undefined && used - usedMs > this.#limits.processorMs
      isBusy = !isSpent && performance.now() - startedMs > this.#limits.waitMs
      if (isSpent || isBusy) await thread.end()
    }
    await look()
    const timer = setInterval(() => void look().catch(() => {}), lookMs)
    try {
      return present(await thread.ask(body))
    } catch (error) {
      if (error instanceof UserError) throw error
      if (isBusy)
        throw new UserError('busy', 'The machine is too busy to read the sample.', { hint: 'Try again later.' })
      throw new UserError('unreadable-sample', 'The sample could not be read.', { cause: error })
    } finally {
      clearInterval(timer)
    }
  }
}

const start = (): Thread =>
  new AskedWorker(threadUrl, { resourceLimits: { ...SMALL_HEAP, maxOldGenerationSizeMb: 256 } })
