import { Worker } from 'node:worker_threads'
import type { RingPlace } from './command-ring.ts'

export interface PoolWorkerData {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  readonly place: RingPlace
  readonly thread: number
}

/** The same ending as this file's, so that a bundle may hold both as .js. */
const workerUrl = new URL(import.meta.url.replace(/[^/]*(\.\w+)$/, 'pool-worker$1'))

/** Starts threads 1 … threads − 1 on the ring; they end when it is closed. */
export async function startThreads(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  place: RingPlace,
): Promise<Worker[]> {
  const workers = Array.from({ length: place.threads - 1 }, (_, index) => {
    const workerData: PoolWorkerData = { module, memory, place, thread: index + 1 }
    return new Worker(workerUrl, { workerData })
  })
  await Promise.all(
    workers.map((worker) => new Promise<void>((ready, fail) => worker.once('online', ready).once('error', fail))),
  )
  workers.forEach((worker) => worker.unref())
  return workers
}
