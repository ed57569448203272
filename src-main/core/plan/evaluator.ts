import type { Register, WeightIndex } from './plan.ts'

/**
 * The operations a plan is made of, over some value: slots in the clear, (primes, scale) pairs, or SEAL
 * ciphertexts. Operations never change their operands; a result belongs to the caller until `release`.
 */
export interface Evaluator<V> {
  multiplySum(values: readonly V[], weights: readonly WeightIndex[]): V
  square(value: V): V
  relinearise(value: V): V
  rescale(value: V): V
  rotate(value: V, steps: number): V
  /** Optional: all rotations of one value at once, where that is cheaper (hoisting). */
  rotateMany?(value: V, steps: readonly number[]): V[]
  add(left: V, right: V): V
  addWeight(value: V, weight: WeightIndex): V
  modSwitch(value: V, primes: number): V
  /** Σ values[k] · X^exponents[k], with `0 ≤ exponent < 2N`: no noise, no level, the same scale. */
  monomialSum(values: readonly V[], exponents: readonly number[]): V
  /** Σ values[k] in the slots masks[k], the others zero: products with plaintexts at a scale, by which the result's is larger. */
  maskSum(values: readonly V[], masks: readonly Int32Array[], scale: number): V
  release(value: V): void
}

export interface RunObserver<V> {
  /** After a layer's last instruction, while its result registers still live. */
  layerDone?(layer: number, result: readonly V[]): void
  /** Before each instruction; throw to stop. */
  beforeInstruction?(index: number): void
  afterInstruction?(index: number, result: V): void
}

export type RegisterFile<V> = Map<Register, V>
