import { UserError } from '../core/errors.ts'
import { sizeOf } from '../core/network/layer-model.ts'
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

/** Preprocessed values that the edge encrypts, or what the owner refreshed: saved ciphertexts, one per register. */
export type RunInput = Float64Array | readonly Uint8Array[]

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

/** Throws UserError 'wrong-shape', 'input-out-of-range'. */
export function checkInput(plan: Plan, input: RunInput): void {
  if (!(input instanceof Float64Array)) {
    if (input.length !== plan.input.sources.length || plan.input.mode === 'plain') {
      throw new UserError('wrong-shape', 'The refreshed input does not fit the segment.')
    }
    return
  }
  if (plan.input.mode === 'handed') {
    throw new UserError('wrong-shape', 'The segment takes what the one before it hands on, not samples.')
  }
  const expected = plan.batch * sizeOf(plan.input.shape)
  if (input.length !== expected) {
    throw new UserError('wrong-shape', `The input has ${input.length} values instead of ${expected}.`)
  }
  const { scale, primes } = plan.input
  const modulusBits = plan.parameters.primes
    .slice(0, primes)
    .reduce((bits, prime) => bits + Math.log2(Number(prime)), 0)
  const largest = input.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  if (!(Math.log2(largest) + Math.log2(scale) < modulusBits - 1)) {
    throw new UserError('input-out-of-range', `The input holds ${largest}, which is more than can be encrypted.`)
  }
}
