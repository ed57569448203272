import { present } from '../core/must.ts'
import { workerData } from 'node:worker_threads'
import type { WeightSource } from '../core/plan/plan.ts'
import { Bundle } from '../files/open-bundle.ts'
import { WeightFiller, type WeightSlots } from './weight-buffer.ts'

export interface WeightReaderSetup {
  readonly bundle: string
  /** The manifest that the main thread has verified. */
  readonly bundleSha256: string
  readonly segmentIndex: number
  readonly slots: WeightSlots
  /** Of every round. */
  readonly order: readonly WeightSource[]
}

const { bundle: path, bundleSha256, segmentIndex, slots, order } = workerData as WeightReaderSetup
const filler = new WeightFiller(slots)

try {
  const bundle = await Bundle.reopen(path, bundleSha256)
  const segment = bundle.segment(segmentIndex)
  const { readInto } = await bundle.weights(segment, await bundle.plan(segment))
  filler.serve(order.length, (k, slot) => readInto(present(order[k]), slot))
  await bundle.close()
} catch {
  filler.fail()
}
