import { sizeOf } from '../core/network/layer-model.ts'
import { gaussian, NormalNumbers } from '../core/numeric/normal-numbers.ts'
import type { PlannedNetwork } from '../core/plan/plan.ts'
import type { PlannedSegments } from '../core/segment/plan-segments.ts'
import { runSegmentsInTheClear } from '../core/segment/run-in-the-clear.ts'
import { runSegmentsNoisily } from '../core/segment/run-noisily.ts'
import { present } from '../core/must.ts'

export interface OutputNoise {
  /** Root mean square of the decryption error over the outputs, the largest of the runs. */
  readonly noise: number
  /** What the error has to be compared with (`spreadOf`). */
  readonly spread: number
  /** Without error, of the whole batch. */
  readonly exact: Float64Array
}

/** Errors of decryption for one preprocessed input, by simulation. */
export function measureNoise(planned: PlannedSegments, input: Float64Array, runs = 4): OutputNoise {
  const exact = runSegmentsInTheClear(planned, input)
  const normals = new NormalNumbers(Math.floor(Math.random() * 2 ** 32))
  const errors = Array.from({ length: runs }, () => {
    const noisy = runSegmentsNoisily(planned, input, normals)
    const squares = noisy.reduce((sum, value, i) => sum + (value - present(exact[i])) ** 2, 0)
    return Math.sqrt(squares / noisy.length)
  })
  return { noise: Math.max(...errors), spread: spreadOf(exact), exact }
}

/** Largest output less the smallest; of a network of one output its own size, since no other stands beside it. */
export function spreadOf(outputs: Float64Array): number {
  const most = outputs.reduce((largest, output) => Math.max(largest, output), -Infinity)
  const least = outputs.reduce((smallest, output) => Math.min(smallest, output), Infinity)
  return most - least || Math.abs(most)
}

/** Stands in where the caller has no real input. */
export const randomInput = ({ plan }: PlannedNetwork): Float64Array =>
  Float64Array.from({ length: plan.batch * sizeOf(plan.input.shape) }, () => gaussian(() => 1 - Math.random()))
