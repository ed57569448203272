import { Worker } from 'node:worker_threads'
import type { RingPlace } from './command-ring.ts'
import { SMALL_HEAP } from './small-heap.ts'

export interface PoolWorkerData {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  readonly place: RingPlace
  readonly thread: number
}

/** The same ending as this file's, so that a bundle may hold both as .js. */
const workerUrl = new URL(import.meta.url.replace(/[^/]*(\.\w+)$/, 'pool-worker$1'))

/** Threads 1 … threads − 1 of a ring. They live until the ring is closed, but keep no process alive. */
export interface KernelPool {
  /** Resolves when all have ended. */
  ended(): Promise<void>
}

/** Starts `place.threads − 1` workers on the ring at `place`; the caller is thread 0. Resolves once all have started; rejects if one cannot. */
export async function startPool(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  place: RingPlace,
): Promise<KernelPool> {
  const workers = Array.from({ length: place.threads - 1 }, (_, index) => {
    const workerData: PoolWorkerData = { module, memory, place, thread: index + 1 }
    return new Worker(workerUrl, { workerData, resourceLimits: SMALL_HEAP })
  })
  const ends = workers.map((worker) => new Promise((done) => worker.once('exit', done)))
  await Promise.all(
    workers.map((worker) => new Promise<void>((ready, fail) => worker.once('online', ready).once('error', fail))),
  )
  workers.forEach((worker) => worker.unref())
  return {
    ended: async () => {
      workers.forEach((worker) => worker.ref())
      await Promise.all(ends)
    },
  }
}
