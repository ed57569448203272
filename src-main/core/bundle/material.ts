import type { WeightIndex } from '../plan/plan.ts'

/** The packed ciphertext of one weight (seal/packed.ts); checks its hash before it returns it. */
export type LoadWeight = (index: WeightIndex) => Uint8Array

/** Packed keys (seal/packed.ts) made on the chain of the first `primes` data primes; they serve values with at most so many. */
export interface EvaluationKeyBytes {
  readonly primes: number
  readonly relinearisation?: Uint8Array
  readonly galois?: { readonly steps: readonly number[]; readonly bytes: Uint8Array }
}
