import type { Shape } from '../network/layer-model.ts'

/** A ciphertext (or, for clear input, plaintext) in flight; registers are assigned once. */
export type Register = number
/** Index into `Plan.weights`. */
export type WeightIndex = number

/**
 * A network compiled to CKKS instructions. It holds no weight values and no secrets: it is part of the
 * bundle and the edge sees all of it. One plan is one segment.
 */
export interface Plan {
  readonly parameters: CkksParameters
  readonly input: InputPacking
  readonly weights: readonly WeightSlot[]
  /** In execution order; a register is written before it is read. */
  readonly instructions: readonly Instruction[]
  readonly layers: readonly PlannedLayer[]
  readonly output: OutputPacking
  /** Images computed at once; the input holds them one after the other. */
  readonly batch: number
}

export interface CkksParameters {
  readonly polyModulusDegree: number
  /** Decimal strings, as SEAL orders them: q0, the rescaling primes in order of last use, the special prime. */
  readonly primes: readonly string[]
}

/**
 * How the edge, or the owner, packs the input: slot s of input ciphertext i holds element sources[i][s] of the batch
 * (image after image, each flattened), or 0 where that is −1. `shape` is one image's; where several values cross a
 * cut, they follow each other and `shape` is [elements of all, 1, 1]. Handed inputs are the registers that the segment
 * before left: nothing is packed, and their sources are empty.
 */
export interface InputPacking {
  readonly mode: 'encrypted' | 'plain' | 'handed'
  readonly shape: Shape
  /** One per input; input i is written to register i. */
  readonly sources: readonly Int32Array[]
  readonly scale: number
  /** Most primes left in an input ciphertext. */
  readonly primes: number
  /** One per input, where they are not all at `primes` and `scale`. */
  readonly levels?: readonly InputLevel[]
}

export interface InputLevel {
  readonly primes: number
  readonly scale: number
}

/** One encrypted slot vector of weights or biases. */
export interface WeightSlot {
  readonly layer: number
  readonly role: 'weight' | 'bias'
  readonly scale: number
  readonly primes: number
}

export type Instruction =
  /** out = Σ values[k] × weights[k], left at three parts (two, where the value is plain). */
  | {
      readonly op: 'multiply-sum'
      readonly out: Register
      readonly values: readonly Register[]
      readonly weights: readonly WeightIndex[]
    }
  | { readonly op: 'square'; readonly out: Register; readonly in: Register }
  | { readonly op: 'relinearise'; readonly out: Register; readonly in: Register }
  | { readonly op: 'rescale'; readonly out: Register; readonly in: Register }
  /** Left rotation: slot s of the output is slot s + steps of the input, cyclically. 0 < steps < slots. */
  | { readonly op: 'rotate'; readonly out: Register; readonly in: Register; readonly steps: number }
  | { readonly op: 'add'; readonly out: Register; readonly in: readonly [Register, Register] }
  | { readonly op: 'add-weight'; readonly out: Register; readonly in: Register; readonly weight: WeightIndex }
  /** Drops primes without dividing: value and scale stay. */
  | { readonly op: 'mod-switch'; readonly out: Register; readonly in: Register; readonly primes: number }

/** Consecutive instructions that compute one layer of the network: [first, end). */
export interface PlannedLayer {
  readonly id: string
  readonly kind: 'linear' | 'square'
  readonly first: number
  readonly end: number
  /** Registers that hold the layer's result, and where its elements are: for attribution by layer. */
  readonly result: readonly Register[]
  readonly packing: ElementPacking
}

export interface ElementPacking {
  readonly shape: Shape
  /**
   * Element e of the batch (image after image, each flattened [channel, row, column]) is slot
   * positions[e] % slots of result positions[e] / slots.
   */
  readonly positions: Int32Array
}

/** Where several values are the result, their elements follow each other. */
export interface OutputPacking extends ElementPacking {
  readonly registers: readonly Register[]
  /** The registers are handed to the next segment as they are; there are no positions. */
  readonly handed?: true
}

/** Fills the slots of one weight vector; kept by the owner, computed on demand, never part of the plan. */
export type WeightVectors = (index: WeightIndex) => Float64Array

/** What the planner returns. */
export interface PlannedNetwork {
  readonly plan: Plan
  readonly weightVectors: WeightVectors
}

export const inputLevel = ({ input }: Plan, register: Register): InputLevel => input.levels?.[register] ?? input

/** Whether every ciphertext of the input is at the first level, which is all that encrypting it then needs. */
export const isInputAtFirstLevel = (plan: Plan): boolean =>
  plan.input.sources.every((_, register) => inputLevel(plan, register).primes === dataPrimesOf(plan.parameters))

export const slotsOf = (parameters: CkksParameters): number => parameters.polyModulusDegree / 2
/** Primes available to data: all but the special one. */
export const dataPrimesOf = (parameters: CkksParameters): number => parameters.primes.length - 1
