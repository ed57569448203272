import { Worker } from 'node:worker_threads'
import type { Plan, WeightSource } from '../core/plan/plan.ts'
import type { RunnableBundle } from './segment-runner.ts'
import { newSlots, WeightTaker } from './weight-buffer.ts'
import type { WeightReaderSetup } from './weight-reader-thread.ts'
import { SMALL_HEAP } from '../kernels/small-heap.ts'

/** Beside this file, as source or bundled. */
const threadUrl = new URL(import.meta.url.replace(/[^/]*(\.\w+)$/, 'weight-reader-thread$1'))

/** What is read ahead. */
export const READ_AHEAD_BYTES = 32 * 2 ** 20

/**
 * A thread that reads weights of a segment, and compares each with its hash, ahead of the one that computes; after
 * each `restart` the same again.
 */
export class WeightReader {
  readonly #taker: WeightTaker
  readonly #worker: Worker

  private constructor(setup: WeightReaderSetup) {
    this.#taker = new WeightTaker(setup.slots)
    this.#worker = new Worker(threadUrl, { workerData: setup, resourceLimits: SMALL_HEAP })
  }

  /** @throws UserError damaged-bundle */
  static async start(
    bundle: RunnableBundle,
    segmentIndex: number,
    plan: Plan,
    order: readonly WeightSource[],
  ): Promise<WeightReader> {
    const { largestBytes } = await bundle.weights(bundle.segment(segmentIndex), plan)
    const count = Math.max(2, Math.floor(READ_AHEAD_BYTES / largestBytes))
    return new WeightReader({
      ...{ bundle: bundle.path, bundleSha256: bundle.sha256, segmentIndex },
      slots: newSlots(Math.min(count, order.length), largestBytes),
      order,
    })
  }

  /** The next ciphertext of weights in packed form, valid until the next call; waits for it. @throws UserError damaged-bundle */
  next(): Uint8Array {
    return this.#taker.next()
  }

  restart(): void {
    this.#taker.restart()
  }

  async end(): Promise<void> {
    this.#taker.close()
    await this.#worker.terminate()
  }
}
