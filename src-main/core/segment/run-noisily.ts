import { must } from '../must.ts'
import type { NormalNumbers } from '../numeric/normal-numbers.ts'
import { NoisyEvaluator, type Noisy } from '../plan/noisy-evaluator.ts'
import type { PlannedSegments } from './planned-segments.ts'
import { runSegments } from './run-in-the-clear.ts'

/**
 * What decryptions of the last segment would give for a batch of preprocessed inputs, by simulation. A refresh hides nothing of
 * the error before it: the owner encrypts anew what it decrypted, error and all.
 */
export function runSegmentsNoisily(
  planned: PlannedSegments,
  input: Float64Array,
  normals: NormalNumbers,
): Float64Array {
  const evaluators = new Map(planned.segments.map((network) => [network, new NoisyEvaluator(network, normals)]))
  return runSegments<Noisy>(planned, input, {
    evaluatorFor: (network) => must(evaluators, network),
    input: (slots, register, network) => must(evaluators, network).input(slots, register),
    read: ({ slots }) => slots,
  })
}
