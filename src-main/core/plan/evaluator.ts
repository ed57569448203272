import type { Register, WeightIndex } from './plan.ts'

/**
 * The operations a plan is made of, over some value: slots in the clear, (primes, scale) pairs, or SEAL
 * ciphertexts. Operations never change their operands; a result belongs to the caller until `release`.
 * A value has N/2 slots, a scale by which its numbers are multiplied, and the primes that are left to it.
 */
export interface Evaluator<V> {
  /** Σ values[k] · weights[k], slot by slot; three parts of a ciphertext until `relinearise`. The scale is the product of both. */
  multiplySum(values: readonly V[], weights: readonly WeightIndex[]): V
  /** Slot by slot; parts and scale as of `multiplySum`. */
  square(value: V): V
  /** Back to two parts, by a key; level and scale stay. */
  relinearise(value: V): V
  /** Divides the scale by the last prime, which is used up. */
  rescale(value: V): V
  /** Slot i gets what slot (i + steps) mod N/2 held, with 0 < steps < N/2, by that rotation's key. */
  rotate(value: V, steps: number): V
  /** Optional: all rotations of one value at once, where that is cheaper (hoisting). */
  rotateMany?(value: V, steps: readonly number[]): V[]
  /** Of equal primes and scales. */
  add(left: V, right: V): V
  /** The weight is at the value's primes and scale. */
  addWeight(value: V, weight: WeightIndex): V
  /** Drops primes until `primes` are left; the scale stays. */
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
