import { UserError } from '../core/errors.ts'
import { sizeOf } from '../core/normalise/layer-model.ts'
import type { Plan } from '../core/plan/plan.ts'
import type { WorkContext } from '../core/progress.ts'

/** One segment of a bundle, loaded and ready to run any number of inputs, one after the other. */
export interface SegmentRunner {
  readonly evaluator: 'kernels' | 'node-seal'
  readonly plan: Plan
  /**
   * Encrypts a preprocessed input, runs the segment and saves the output ciphertexts.
   * @throws UserError wrong-shape; CancelledError
   */
  run(input: Float64Array, work: WorkContext): Promise<Uint8Array[]>
  /** Of all SEAL instances. */
  heapBytes(): number
  delete(): Promise<void>
}

export function checkInput(plan: Plan, input: Float64Array): void {
  if (input.length !== sizeOf(plan.input.shape)) {
    throw new UserError('wrong-shape', `The input has ${input.length} values instead of ${sizeOf(plan.input.shape)}.`)
  }
}
