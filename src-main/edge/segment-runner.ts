import { randomBytes } from 'node:crypto'
import { SEED_BYTES, type SeededInput } from '../core/bundle/receipt.ts'
import { checkInput, type RunInput } from '../core/plan/check-input.ts'
import type { EvaluatorKind } from '../core/plan/evaluator-kinds.ts'
import type { Plan } from '../core/plan/plan.ts'
import type { WorkContext } from '../core/progress.ts'
import type { Bundle } from '../files/open-bundle.ts'

/** Where the time of one run went; what is left of the wall time is ours: packing, copying, waiting. */
export interface RunTimes {
  /** Longest of the threads that encrypted the input. */
  readonly encryptMs: number
  readonly evaluateMs: number
  readonly layers: readonly { readonly id: string; readonly ms: number }[]
}

/** What a run takes: values get a seed of their own unless they have one. */
export type SegmentInput = RunInput | SeededInput

/** Whether the input comes encrypted, as from the segment before. */
export const isCiphertexts = (input: SegmentInput): input is readonly Uint8Array[] => Array.isArray(input)

/** Values with a job and a seed of their own. */
export function seeded(input: Float64Array | SeededInput): SeededInput {
  if (!(input instanceof Float64Array)) return input
  return { job: randomBytes(16).toString('hex'), seed: new Uint8Array(randomBytes(SEED_BYTES)), values: input }
}

/** What running a segment asks of an opened bundle, wherever its bytes are. */
export type RunnableBundle = Pick<
  Bundle,
  | 'manifest'
  | 'path'
  | 'sha256'
  | 'segment'
  | 'cutAfter'
  | 'plan'
  | 'planSha256'
  | 'entry'
  | 'evaluationKeys'
  | 'weights'
>

/** One segment of a bundle, loaded and ready to run any number of inputs, one after the other. */
export interface SegmentRunner {
  readonly evaluator: EvaluatorKind
  readonly plan: Plan
  /**
   * Encrypts a preprocessed input unless it is encrypted, runs the segment and saves the output ciphertexts.
   * @throws UserError wrong-shape; CancelledError
   */
  run(input: SegmentInput, work: WorkContext): Promise<Uint8Array[]>
  /** SHA-256 of each input ciphertext of the last run, as SEAL saves it; none where the input was in the clear. */
  readonly inputs: readonly string[]
  /** Of the last run; absent where threads do not report theirs. */
  readonly times?: RunTimes
  /** Of all SEAL instances, or of the kernels' memory. */
  heapBytes(): number
  delete(): Promise<void>
}

/** @throws UserError wrong-shape, input-out-of-range */
export const checkSegmentInput = (plan: Plan, input: SegmentInput): void =>
  checkInput(plan, 'seed' in input ? input.values : input)
