import {
  type CkksParameters,
  type Instruction,
  type Register,
  type WeightIndex,
  type WeightSlot,
} from '../plan/plan.ts'

interface RegisterState {
  readonly primes: number
  readonly scale: number
  /** One part for a plaintext input, three for an unrelinearised product. */
  readonly parts: 1 | 2 | 3
}

/** Writes what is not 0 into a vector of zeros. */
type Fill = (vector: Float64Array) => void

/**
 * Writes instructions while it tracks each register's level and exact scale, in the same floating-point
 * operations as SEAL, and never emits a rotation of one register twice.
 */
export class PlanBuilder {
  readonly instructions: Instruction[] = []
  readonly weights: WeightSlot[] = []
  readonly #fills: Fill[] = []
  readonly #patterns: (Fill | undefined)[] = []
  readonly #supports: ((() => Int32Array) | undefined)[] = []
  readonly #states: RegisterState[] = []
  readonly #known = new Map<string, Register>()
  readonly #slots: number
  readonly #primeValues: readonly number[]

  /** `slots` of each weight vector. */
  constructor(parameters: CkksParameters, slots: number) {
    this.#slots = slots
    this.#primeValues = parameters.primes.map(Number)
  }

  primeValue(index: number): number {
    return this.#primeValues[index]
  }

  scaleOf(register: Register): number {
    return this.#states[register].scale
  }

  isPlain(register: Register): boolean {
    return this.#states[register].parts === 1
  }

  primesOf(register: Register): number {
    return this.#states[register].primes
  }

  input(mode: 'encrypted' | 'plain', primes: number, scale: number): Register {
    return this.#register({ primes, scale, parts: mode === 'plain' ? 1 : 2 })
  }

  /**
   * `pattern` fills a vector as `WeightPatterns` describes; without it the weights are not known to repeat. `support` are the
   * only slots that may be other than 0, where they are known.
   */
  addWeightSlot(slot: WeightSlot, fill: Fill, pattern?: Fill, support?: () => Int32Array): WeightIndex {
    this.weights.push(slot)
    this.#fills.push(fill)
    this.#patterns.push(pattern)
    this.#supports.push(support)
    return this.weights.length - 1
  }

  support(index: WeightIndex): Int32Array | undefined {
    return this.#supports[index]?.()
  }

  pattern(index: WeightIndex): Float64Array {
    const vector = new Float64Array(this.#slots)
    const pattern = this.#patterns[index]
    if (pattern) pattern(vector)
    else for (let slot = 0; slot < vector.length; slot++) vector[slot] = slot + 1
    return vector
  }

  vector(index: WeightIndex): Float64Array {
    const vector = new Float64Array(this.#slots)
    this.#fills[index](vector)
    return vector
  }

  multiplySum(values: readonly Register[], weights: readonly WeightIndex[]): Register {
    const { primes, scale, parts } = this.#states[values[0]]
    const out = this.#register({ primes, scale: scale * this.weights[weights[0]].scale, parts: parts === 1 ? 2 : 3 })
    this.instructions.push({ op: 'multiply-sum', out, values, weights })
    return out
  }

  square(register: Register): Register {
    const { primes, scale } = this.#states[register]
    const out = this.#register({ primes, scale: scale * scale, parts: 3 })
    this.instructions.push({ op: 'square', out, in: register })
    return out
  }

  relinearise(register: Register): Register {
    const state = this.#states[register]
    if (state.parts === 2) return register
    const out = this.#register({ ...state, parts: 2 })
    this.instructions.push({ op: 'relinearise', out, in: register })
    return out
  }

  rescale(register: Register): Register {
    const { primes, scale, parts } = this.#states[register]
    const out = this.#register({ primes: primes - 1, scale: scale / this.#primeValues[primes - 1], parts })
    this.instructions.push({ op: 'rescale', out, in: register })
    return out
  }

  rotate(register: Register, steps: number): Register {
    if (steps === 0) return register
    return this.#once(`rotate ${register} ${steps}`, () => {
      const out = this.#register(this.#states[register])
      this.instructions.push({ op: 'rotate', out, in: register, steps })
      return out
    })
  }

  add(left: Register, right: Register): Register {
    const out = this.#register(this.#states[left])
    this.instructions.push({ op: 'add', out, in: [left, right] })
    return out
  }

  addWeight(register: Register, weight: WeightIndex): Register {
    const out = this.#register(this.#states[register])
    this.instructions.push({ op: 'add-weight', out, in: register, weight })
    return out
  }

  modSwitch(register: Register, primes: number): Register {
    const state = this.#states[register]
    if (state.primes === primes) return register
    return this.#once(`mod-switch ${register} ${primes}`, () => {
      const out = this.#register({ ...state, primes })
      this.instructions.push({ op: 'mod-switch', out, in: register, primes })
      return out
    })
  }

  #register(state: RegisterState): Register {
    this.#states.push(state)
    return this.#states.length - 1
  }

  #once(key: string, emit: () => Register): Register {
    const register = this.#known.get(key) ?? emit()
    this.#known.set(key, register)
    return register
  }
}
