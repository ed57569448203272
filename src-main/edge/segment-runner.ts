import type { RunInput } from '../core/plan/check-input.ts'
import type { EvaluatorKind } from '../core/plan/evaluator-kinds.ts'
import type { Plan } from '../core/plan/plan.ts'
import type { WorkContext } from '../core/progress.ts'

/** Where the time of one run went; what is left of the wall time is ours: packing, copying, waiting. */
export interface RunTimes {
  /** Longest of the threads that encrypted the input. */
  readonly encryptMs: number
  readonly evaluateMs: number
  readonly layers: readonly { readonly id: string; readonly ms: number }[]
}

/** One segment of a bundle, loaded and ready to run any number of inputs, one after the other. */
export interface SegmentRunner {
  readonly evaluator: EvaluatorKind
  readonly plan: Plan
  /**
   * Encrypts a preprocessed input unless it is encrypted, runs the segment and saves the output ciphertexts.
   * @throws UserError wrong-shape; CancelledError
   */
  run(input: RunInput, work: WorkContext): Promise<Uint8Array[]>
  /** Of the last run; absent where threads do not report theirs. */
  readonly times?: RunTimes
  /** Of all SEAL instances, or of the kernels' memory. */
  heapBytes(): number
  delete(): Promise<void>
}
