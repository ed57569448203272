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
  /** How weights that are no entries of the bundle are made from those that are, each by itself, before the plan runs. */
  readonly expansions?: readonly Expansion[]
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
  /** Absent where keys have SEAL's form: a digit for each prime, and the special prime alone. */
  readonly keySwitching?: KeySwitching
}

/** Hybrid key switching: digits of several primes, several special primes (Han, Ki, ePrint 2019/688). See key-form.ts. */
export interface KeySwitching {
  /** Special primes besides the last of `primes`; decimal strings. */
  readonly keyPrimes: readonly string[]
  /** Of a key made for values with at most i + 1 primes. */
  readonly forms: readonly KeyForm[]
}

export interface KeyForm {
  /** Data primes of a digit; the last digit may have fewer. */
  readonly digitPrimes: number
  readonly specialPrimes: number
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

/**
 * A load program: several weights of one level and scale from one ciphertext of the bundle, which is register 0. It is
 * written in the plan's own instructions, of which it uses rotations, sums, and products with monomials and masks: all
 * public. Masks multiply the scale; where a rescaling divides by it again, the ciphertext begins one level higher.
 */
export interface Expansion {
  readonly input: InputLevel
  readonly instructions: readonly Instruction[]
  readonly results: readonly ExpandedWeight[]
}

/** Values of one sum in a load program, at most: evaluators keep a plaintext for each. */
export const mostSummed = 32

export interface ExpandedWeight {
  readonly weight: WeightIndex
  readonly register: Register
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
  /** Left rotation: slot s of the output is slot s + steps of the input, cyclically. `0 < steps < slots`. */
  | { readonly op: 'rotate'; readonly out: Register; readonly in: Register; readonly steps: number }
  | { readonly op: 'add'; readonly out: Register; readonly in: readonly [Register, Register] }
  | { readonly op: 'add-weight'; readonly out: Register; readonly in: Register; readonly weight: WeightIndex }
  /** out = Σ values[k] · X^exponents[k] in the ring of polynomials, `0 ≤ exponent < 2N`; only in expansions. */
  | {
      readonly op: 'monomial-sum'
      readonly out: Register
      readonly values: readonly Register[]
      readonly exponents: readonly number[]
    }
  /**
   * out = Σ values[k] in the slots masks[k], and zero in the others: products with plaintexts at `scale`, by which the result's
   * scale is larger. Only in expansions. Equal masks are one array, so that evaluators encode it once.
   */
  | {
      readonly op: 'mask-sum'
      readonly out: Register
      readonly values: readonly Register[]
      readonly masks: readonly Int32Array[]
      readonly scale: number
    }
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

/**
 * What is known of a weight vector from the network's architecture alone: slots with the same number hold the same
 * weight, whatever the weights are; 0 is zero always, NaN may be anything.
 */
export type WeightPatterns = (index: WeightIndex) => Float64Array

/** What the planner returns. */
export interface PlannedNetwork {
  readonly plan: Plan
  /** False where no masks may be made: their errors would be too large for its scales. */
  readonly masks?: boolean
  /** Whether its keys are made for a load prime (core/planner/load-prime.ts); undefined where that is still to be chosen. */
  readonly loadPrime?: boolean
  /** As the edge has them, after expansion. */
  readonly weightVectors: WeightVectors
  readonly weightPatterns?: WeightPatterns
  /** By the architecture alone, the only slots of a weight vector that may be other than 0; ascending. */
  readonly weightSupports?: (index: WeightIndex) => Int32Array | undefined
  /**
   * What an expansion's ciphertext holds: one period of each of its weights' vectors, in the order of the results, times what
   * their ratio of slots and period is larger than what the program multiplies them by.
   */
  readonly expandedVectors?: (expansion: number) => readonly Float64Array[]
}

/** What a ciphertext of the bundle is: a weight, or what an expansion makes several from. */
export type WeightSource = { readonly weight: WeightIndex } | { readonly expansion: number }

/** One ciphertext of the bundle that weights come from. */
export interface WeightEntry extends InputLevel {
  readonly source: WeightSource
}

/** Weights that come out of a ciphertext that several share. */
export const expandedWeights = ({ expansions = [] }: Pick<Plan, 'expansions'>): ReadonlySet<WeightIndex> =>
  new Set(expansions.flatMap(({ results }) => results.map(({ weight }) => weight)))

/** The bundle's weight ciphertexts in order: weights that are entries themselves, then what is expanded. */
export function weightEntries({ weights, expansions = [] }: Pick<Plan, 'weights' | 'expansions'>): WeightEntry[] {
  const expanded = expandedWeights({ expansions })
  return [
    ...weights.flatMap(({ scale, primes }, weight) =>
      expanded.has(weight) ? [] : [{ scale, primes, source: { weight } }],
    ),
    ...expansions.map(({ input }, expansion) => ({ ...input, source: { expansion } })),
  ]
}

/**
 * An expansion as a plan of its own, for whatever runs plans. Its outputs are the weights, in the order of the results;
 * without `keepResults` it has none, and an observer takes each weight when its instruction is done.
 */
export const expansionPlan = (
  { parameters, batch }: Plan,
  { input, instructions, results }: Expansion,
  keepResults = false,
): Plan => ({
  parameters,
  input: { mode: 'handed', shape: [1, 1, 1], sources: [new Int32Array()], ...input },
  weights: [],
  instructions,
  layers: [],
  output: {
    shape: [1, 1, 1],
    registers: keepResults ? results.map(({ register }) => register) : [],
    positions: new Int32Array(),
    handed: true,
  },
  batch,
})

/** Primes and scale at which this register of the input is encrypted. */
export const inputLevel = ({ input }: Plan, register: Register): InputLevel => input.levels?.[register] ?? input

/** Whether every ciphertext of the input is at one level, which is all that encrypting it then needs. */
export const isInputAtOneLevel = (plan: Plan): boolean =>
  plan.input.sources.every((_, register) => inputLevel(plan, register).primes === plan.input.primes)

/** Numbers that one ciphertext holds: N/2. */
export const slotsOf = (parameters: CkksParameters): number => parameters.polyModulusDegree / 2
/** Primes available to data: all but the special one. */
export const dataPrimesOf = (parameters: CkksParameters): number => parameters.primes.length - 1
